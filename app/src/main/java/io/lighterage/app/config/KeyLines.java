package io.lighterage.app.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// In which line a key stands, for messages: the TOML parser does not tell. Finds keys and headers that begin a line;
/// knows nothing of a document with strings over several lines, rather than name a wrong one.
final class KeyLines {
    private static final Pattern HEADER = Pattern.compile("\\s*\\[{1,2}([^\\[\\]]*)]{1,2}\\s*(?:#.*)?");
    private static final Pattern HEADER_OF_ADDRESS = Pattern.compile("\\s*\\[(.*)]\\s*(?:#.*)?");
    private static final Pattern PART = Pattern.compile("\\s*(?:\"([^\"\\\\]*)\"|'([^']*)'|([A-Za-z0-9_-]+))\\s*");

    private final Map<List<String>, Integer> lines = new HashMap<>();

    private KeyLines() {}

    static KeyLines of(String text) {
        KeyLines found = new KeyLines();
        if (text.contains("\"\"\"") || text.contains("'''")) {
            return found;
        }
        List<String> table = List.of();
        int number = 0;
        for (String line : text.split("\n", -1)) {
            number++;
            Matcher header = HEADER.matcher(line);
            Matcher wide = HEADER_OF_ADDRESS.matcher(line);
            if (header.matches() || wide.matches()) {
                String inside = header.matches() ? header.group(1) : wide.group(1);
                table = parts(inside, 0, new ArrayList<>(), '\0');
                found.note(table, number);
            } else {
                found.note(parts(line, 0, new ArrayList<>(table), '='), number);
            }
        }
        return found;
    }

    /// Dotted parts up to the end or a mark; nothing when they are no key.
    private static List<String> parts(String text, int from, List<String> before, char end) {
        int own = before.size();
        Matcher part = PART.matcher(text);
        int at = from;
        while (part.find(at) && part.start() == at) {
            before.add(part.group(1) != null ? part.group(1) : part.group(2) != null ? part.group(2) : part.group(3));
            at = part.end();
            if (at == text.length() ? end == '\0' : text.charAt(at) == end) {
                return before;
            }
            if (at == text.length() || text.charAt(at) != '.') {
                break;
            }
            at++;
        }
        return before.subList(0, own).isEmpty() ? List.of() : List.copyOf(before.subList(0, own));
    }

    private void note(List<String> path, int number) {
        for (int i = 1; i <= path.size(); i++) {
            lines.putIfAbsent(List.copyOf(path.subList(0, i)), number);
        }
    }

    /// The line of a key or table, else of the table it is in.
    Optional<Integer> of(List<String> path) {
        return Optional.ofNullable(lines.get(path));
    }
}
