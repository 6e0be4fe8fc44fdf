package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// The line by which a program says that it is ready.
public final class ReadyLine {
    private final Predicate<String> test;
    private final String description;

    private ReadyLine(Predicate<String> test, String description) {
        this.test = test;
        this.description = description;
    }

    /// A line that begins with this text.
    public static ReadyLine startingWith(String prefix) {
        return new ReadyLine(line -> line.startsWith(prefix), "a line that starts with '" + prefix + "'");
    }

    /// A line in which this regular expression is found.
    ///
    /// @throws ImageException INVALID when it is none
    public static ReadyLine matching(String expression) {
        try {
            Pattern pattern = Pattern.compile(expression);
            return new ReadyLine(line -> pattern.matcher(line).find(), "a line that matches '" + expression + "'");
        } catch (PatternSyntaxException e) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "'" + expression + "' is no regular expression: " + e.getDescription() + " at " + e.getIndex(),
                    e);
        }
    }

    boolean matches(String line) {
        return test.test(line);
    }

    @Override
    public String toString() {
        return description;
    }
}
