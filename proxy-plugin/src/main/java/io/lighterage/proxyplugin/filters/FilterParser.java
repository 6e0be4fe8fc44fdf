package io.lighterage.proxyplugin.filters;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.ArrayList;
import java.util.List;

/// Reads one filter. Every character is looked at a bounded number of times.
///
/// ```
/// filter   := selector { "," selector }
/// selector := path [ operator value ]
/// path     := part { "." part }
/// part     := letters, digits and "_" | "\"" quoted "\""
/// operator := "==" | "!=" | "~="
/// value    := quoted | printable characters but spaces and commas
/// ```
///
/// A value after `~=` may also be quoted by `/` or `|`. Spaces may stand between any two of these.
final class FilterParser {
    private static final char END = '\0';

    private final String text;
    private int at;

    FilterParser(String text) {
        this.text = text;
    }

    /// @throws ImageException INVALID, saying where
    List<Selector> parse() {
        List<Selector> selectors = new ArrayList<>();
        skipSpaces();
        if (atEnd()) {
            return selectors;
        }
        selectors.add(selector());
        while (!atEnd()) {
            expect(',');
            selectors.add(selector());
        }
        return selectors;
    }

    private Selector selector() {
        List<String> path = path();
        if (atEnd() || peek() == ',') {
            return new Selector.Present(path);
        }
        char kind = peek();
        if (!isOperator(kind)) {
            throw failure("expected '==', '!=', '~=' or ','");
        }
        at++;
        expect('=');
        if (!atEnd() && isOperator(peek())) {
            throw failure("expected a value"); // not even one that begins so: containerd takes it for the operator
        }
        String value = value(kind == '~');
        return switch (kind) {
            case '=' -> new Selector.Equal(path, value);
            case '!' -> new Selector.Different(path, value);
            default -> new Selector.Matching(path, Patterns.compile(value));
        };
    }

    private List<String> path() {
        List<String> path = new ArrayList<>();
        path.add(part());
        while (!atEnd() && peek() == '.') {
            at++;
            path.add(part());
        }
        return path;
    }

    private String part() {
        skipSpaces();
        String part;
        if (!atEnd() && peek() == '"') {
            part = quoted();
        } else {
            int begin = at;
            while (!atEnd() && isFieldCharacter(peek())) {
                at++;
            }
            if (at == begin) {
                throw failure("expected the name of a field");
            }
            part = text.substring(begin, at);
        }
        skipSpaces();
        return part;
    }

    private String value(boolean pattern) {
        skipSpaces();
        char first = atEnd() ? END : peek();
        String value;
        if (first == '"' || (pattern && (first == '/' || first == '|'))) {
            value = quoted();
        } else if (first == '/' || first == '|') {
            throw failure("only '\"' quotes a value that is no pattern");
        } else {
            int begin = at;
            while (!atEnd() && isValueCharacter(text.codePointAt(at))) {
                at += Character.charCount(text.codePointAt(at));
            }
            if (at == begin) {
                throw failure("expected a value");
            }
            value = text.substring(begin, at);
        }
        skipSpaces();
        return value;
    }

    private String quoted() {
        Quotation quotation = new Quotation(text, at);
        String value = quotation.read();
        at = quotation.end();
        return value;
    }

    private void expect(char wanted) {
        if (atEnd() || peek() != wanted) {
            throw failure("expected '" + wanted + "'");
        }
        at++;
    }

    private void skipSpaces() {
        while (!atEnd() && isSpace(peek())) {
            at++;
        }
    }

    private boolean atEnd() {
        return at == text.length();
    }

    private char peek() {
        return text.charAt(at);
    }

    private static boolean isFieldCharacter(char c) {
        return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    }

    private static boolean isOperator(char c) {
        return c == '=' || c == '!' || c == '~';
    }

    private static boolean isSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c);
    }

    private static boolean isValueCharacter(int c) {
        return c != ',' && !isSpace(c) && !Character.isISOControl(c) && Character.isDefined(c);
    }

    private ImageException failure(String expected) {
        return failure(text, at, expected);
    }

    static ImageException failure(String text, int at, String expected) {
        String shown = text.length() <= 200 ? text : text.substring(0, 200) + "…";
        return new ImageException(
                ErrorKind.INVALID, "cannot understand the filter '" + shown + "' at character " + at + ": " + expected);
    }
}
