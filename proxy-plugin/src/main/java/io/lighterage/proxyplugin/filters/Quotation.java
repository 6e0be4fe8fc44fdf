package io.lighterage.proxyplugin.filters;

import io.lighterage.contentstore.ImageException;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/// Reads a string as Go quotes it: behind a backslash stand the letters of `\n` and its like, the quote, three octal or
/// `x` and two hexadecimal digits for a byte, `u` and four or `U` and eight of them for a character.
final class Quotation {
    private static final String LETTERS = "abfnrtv\\";
    private static final String MEANT = "\7\b\f\n\r\t\13\\";

    private final String text;
    private final char quote;
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private int at;

    /// @param begin where the opening quote stands
    Quotation(String text, int begin) {
        this.text = text;
        this.quote = text.charAt(begin);
        this.at = begin + 1;
    }

    /// @throws ImageException INVALID when it does not end, or holds what it cannot
    String read() {
        for (char c = next(); c != quote; c = next()) {
            if (c == '\\') {
                escape();
            } else if (c == '\n') {
                throw failure("a quotation ends in its line");
            } else {
                at--;
                int character = text.codePointAt(at);
                at += Character.charCount(character);
                put(character);
            }
        }
        return bytes.toString(StandardCharsets.UTF_8);
    }

    /// Behind the closing quote.
    int end() {
        return at;
    }

    private void escape() {
        char c = next();
        int letter = LETTERS.indexOf(c);
        if (letter >= 0) {
            bytes.write(MEANT.charAt(letter));
        } else if (c == quote) {
            bytes.write(c);
        } else if (c >= '0' && c <= '7') {
            at--;
            bytes.write(octal());
        } else {
            switch (c) {
                case 'x' -> bytes.write(digits(2, 16));
                case 'u' -> put(digits(4, 16));
                case 'U' -> put(digits(8, 16));
                default -> throw failure("'\\" + c + "' means nothing");
            }
        }
    }

    private int octal() {
        int value = digits(3, 8);
        if (value > 0xff) {
            throw failure("a byte has at most \\377");
        }
        return value;
    }

    private int digits(int count, int radix) {
        long value = 0;
        for (int i = 0; i < count; i++) {
            int digit = Character.digit(next(), radix);
            if (digit < 0) {
                throw failure("expected " + count + " digits");
            }
            value = value * radix + digit;
        }
        if (value > Character.MAX_CODE_POINT) {
            throw failure("there is no such character");
        }
        return (int) value;
    }

    private void put(int character) {
        bytes.writeBytes(Character.toString(character).getBytes(StandardCharsets.UTF_8));
    }

    private char next() {
        if (at == text.length()) {
            throw failure("the quotation does not end");
        }
        return text.charAt(at++);
    }

    private ImageException failure(String expected) {
        return FilterParser.failure(text, at, expected);
    }
}
