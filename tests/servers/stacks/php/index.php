<?php
// The site, for PHP's own web server: `php -S 127.0.0.1:0 index.php`. STACK_FOLDER takes sessions and counters.

declare(strict_types=1);

const SECRET = 'secret?';
/** Answered turns kept; the counters go on. */
const KEPT = 1000;

$folder = getenv('STACK_FOLDER');
session_save_path("$folder/sessions");

/** Runs $change on the counters, one request at a time, and gives what they are then. */
function counters(callable $change): array
{
    $file = fopen(getenv('STACK_FOLDER') . '/seen.json', 'c+');
    flock($file, LOCK_EX);
    $none = ['pages' => 0, 'tokens' => 0, 'accepted' => 0, 'refused' => 0, 'logins' => 0, 'heard' => []];
    $seen = $change(json_decode(stream_get_contents($file), true) ?? $none) ?? $none;
    ftruncate($file, 0);
    rewind($file);
    fwrite($file, json_encode($seen));
    fclose($file);
    return $seen;
}

function count_one(string ...$names): void
{
    counters(function (array $seen) use ($names): array {
        foreach ($names as $name) {
            $seen[$name]++;
        }
        return $seen;
    });
}

function answer(array $turns): string
{
    counters(function (array $seen) use ($turns): array {
        $seen['accepted']++;
        $seen['heard'] = array_slice([...$seen['heard'], $turns], -KEPT);
        return $seen;
    });
    $last = end($turns);
    [$which, $turn] = $last === SECRET ? ['first', $turns[0]] : ['last', $last];
    return 'You said ' . count($turns) . " things; the $which was: $turn";
}

function html(string $text): string
{
    return htmlspecialchars($text, ENT_QUOTES | ENT_SUBSTITUTE);
}

/** The page with all of the talk, and the next token. */
function show(): void
{
    $_SESSION['token'] = bin2hex(random_bytes(16));
    count_one('tokens');
    echo "<!doctype html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>Chat</title></head>\n<body>\n<ol id=\"talk\">\n";
    foreach ($_SESSION['talk'] ?? [] as [$who, $text]) {
        echo "<li class=\"$who\"><p>" . nl2br(html($text), false) . "</p></li>\n";
    }
    echo "</ol>\n<form method=\"post\" action=\"/\">\n";
    echo '<input type="hidden" name="token" value="' . html($_SESSION['token']) . "\">\n";
    echo "<textarea name=\"message\"></textarea><button>Send</button>\n</form>\n</body>\n</html>\n";
}

/** One turn. The token is good once. */
function chat(): void
{
    if (!hash_equals($_SESSION['token'] ?? '', $_POST['token'] ?? '') || !isset($_SESSION['token'])) {
        count_one('refused');
        http_response_code(403);
        echo '<!doctype html><title>Refused</title><p>Your form has expired. <a href="/">Open the page again.</a></p>';
        return;
    }
    $_SESSION['talk'][] = ['user', $_POST['message']];
    $turns = array_column(array_filter($_SESSION['talk'], fn (array $entry): bool => $entry[0] === 'user'), 1);
    $_SESSION['talk'][] = ['bot', answer($turns)];
    show();
}

function page(): void
{
    count_one('pages');
    show();
}

function with_session(callable $view): void
{
    session_start();
    $view();
}

/** JSON for the paths that only tests use. */
function control(callable $change): void
{
    header('Content-Type: application/json');
    echo json_encode(counters($change));
}

function expire(array $seen): array
{
    array_map('unlink', glob(getenv('STACK_FOLDER') . '/sessions/*'));
    return $seen;
}

$views = [
    'GET /' => fn () => with_session('page'),
    'POST /' => fn () => with_session('chat'),
    'GET /_control/stats' => fn () => control(fn (array $seen): array => $seen),
    'GET /_control/reset' => fn () => control(fn (array $seen): ?array => null),
    'GET /_control/expire' => fn () => control('expire'),
];
$view = $views["{$_SERVER['REQUEST_METHOD']} " . parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)] ?? null;
$view === null ? http_response_code(404) : $view();
