# frozen_string_literal: true

# The site: `ruby app.rb FOLDER`. It needs of Rails only what answers requests, and keeps its sessions in memory.

ENV["RAILS_ENV"] = "production"

require "action_controller/railtie"
require "puma"
require "puma/server"

SECRET = "secret?"
# Answered turns kept; the counters go on.
KEPT = 1000

# What the site has seen since the last reset.
class Ledger
  COUNTERS = %i[pages tokens accepted refused logins].freeze

  def initialize
    @lock = Mutex.new
    reset
  end

  def reset
    @seen = COUNTERS.to_h { |name| [name, 0] }.merge(heard: [])
  end

  def stats
    @seen
  end

  def count(*names)
    @lock.synchronize { names.each { |name| @seen[name] += 1 } }
  end

  def answer(turns)
    count(:accepted)
    @lock.synchronize { @seen[:heard] = [*@seen[:heard], turns].last(KEPT) }
    which, turn = turns.last == SECRET ? ["first", turns.first] : ["last", turns.last]
    "You said #{turns.size} things; the #{which} was: #{turn}"
  end
end

LEDGER = Ledger.new

# The application, as `rails new` would set it up for production.
class Site < Rails::Application
  config.root = ARGV.fetch(0)
  config.load_defaults 6.1
  config.eager_load = true
  config.secret_key_base = SecureRandom.hex(64)
  config.cache_store = :memory_store
  config.session_store :cache_store, key: "_chat_session"
  config.logger = Logger.new($stderr)
  config.log_level = :warn
  # The error pages that `rails new` writes.
  railties = Gem::Specification.find_by_name("railties").gem_dir
  config.paths["public"] = File.join(railties, "lib/rails/generators/rails/app/templates/public")
end

PAGE = File.read(File.join(__dir__, "../chat.html"))
           .sub("<!--head-->", "<%= csrf_meta_tags %>")
           .sub("/*ask*/") { File.read(File.join(__dir__, "ask.js")) }

# The chat page and the chat.
class ChatController < ActionController::Base
  protect_from_forgery with: :exception

  rescue_from ActionController::InvalidAuthenticityToken do |error|
    LEDGER.count(:refused)
    raise error
  end

  def page
    LEDGER.count(:pages, :tokens)
    render inline: PAGE
  end

  # {"message": text} gets {"reply": text}.
  def create
    session[:turns] = [*session[:turns], params.require(:message)]
    render json: { reply: LEDGER.answer(session[:turns]) }
  end
end

# What only tests use.
class ControlController < ActionController::Base
  def stats
    render json: LEDGER.stats
  end

  def reset
    render json: LEDGER.reset
  end

  def expire
    Rails.cache.clear
    render json: {}
  end
end

Site.initialize!
Site.routes.draw do
  root "chat#page"
  post "/chat", to: "chat#create"
  scope("/_control") { %w[stats reset expire].each { |name| get name, to: "control##{name}" } }
end

server = Puma::Server.new(Site, Puma::Events.new($stderr, $stderr))
port = server.add_tcp_listener("127.0.0.1", 0).addr[1]
running = server.run
$stdout.puts "ready #{port}"
$stdout.flush
Thread.new do
  $stdin.read
  exit!
end
running.join
