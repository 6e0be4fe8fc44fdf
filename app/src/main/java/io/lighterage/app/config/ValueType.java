package io.lighterage.app.config;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;

/// How values of one kind are written in TOML, and which are allowed.
///
/// @param name for people: `duration`, `size`, …
/// @param expected what is allowed, as it stands behind "expected"
/// @param reader empty for a node that is nothing of this kind
/// @param allowed whether a value of this kind is within its range
/// @param writer the value in TOML
record ValueType<T>(
        String name,
        String expected,
        Function<JsonNode, Optional<T>> reader,
        Function<T, Boolean> allowed,
        Function<T, String> writer) {
    /// Absolute, because a daemon's working directory is nobody's choice.
    static ValueType<Path> path() {
        return new ValueType<>(
                "path",
                "an absolute path as a string",
                node -> node.isString() && node.stringValue().indexOf('\0') < 0
                        ? Optional.of(Path.of(node.stringValue()))
                        : Optional.empty(),
                Path::isAbsolute,
                path -> TomlText.string(path.toString()));
    }

    /// One line, not empty.
    static ValueType<String> text() {
        return new ValueType<>(
                "string",
                "a string",
                node -> node.isString() ? Optional.of(node.stringValue()) : Optional.empty(),
                value -> !value.isBlank() && value.lines().count() == 1,
                TomlText::string);
    }

    static ValueType<Boolean> truth() {
        return new ValueType<>(
                "boolean",
                "true or false",
                node -> node.isBoolean() ? Optional.of(node.booleanValue()) : Optional.empty(),
                value -> true,
                String::valueOf);
    }

    static ValueType<Integer> count(int least, int most) {
        return new ValueType<>(
                "integer",
                "an integer from " + least + " to " + most,
                node -> whole(node).filter(v -> v == v.intValue()).map(Long::intValue),
                value -> least <= value && value <= most,
                String::valueOf);
    }

    static ValueType<Duration> duration(Duration least, Duration most) {
        return new ValueType<>(
                "duration",
                "a time from " + Units.duration(least) + " to " + Units.duration(most)
                        + " such as \"30s\" or \"2m\" (units ms, s, m, h), or an integer of seconds",
                node -> node.isString()
                        ? Units.duration(node.stringValue())
                        : whole(node).flatMap(Units::seconds),
                value -> least.compareTo(value) <= 0 && value.compareTo(most) <= 0,
                value -> '"' + Units.duration(value) + '"');
    }

    static ValueType<Long> size() {
        return new ValueType<>(
                "size",
                "a size such as \"10GiB\" or \"500MB\" (units B, kB, MB, GB, TB, KiB, MiB, GiB, TiB), or an integer of"
                        + " bytes, not negative",
                node -> node.isString() ? Units.size(node.stringValue()) : whole(node),
                value -> value >= 0,
                value -> value == 0 ? "0" : '"' + Units.size(value) + '"');
    }

    static <E extends Enum<E>> ValueType<E> choice(Class<E> type) {
        List<E> all = Arrays.asList(type.getEnumConstants());
        String listed = all.stream().map(value -> '"' + word(value) + '"').collect(Collectors.joining(", "));
        return new ValueType<>(
                "choice",
                "one of " + listed,
                node -> all.stream()
                        .filter(value -> node.isString() && word(value).equals(node.stringValue()))
                        .findFirst(),
                value -> true,
                value -> '"' + word(value) + '"');
    }

    private static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private static Optional<Long> whole(JsonNode node) {
        return node.isIntegralNumber() && node.canConvertToLong() ? Optional.of(node.longValue()) : Optional.empty();
    }

    boolean allows(T value) {
        return allowed.apply(value);
    }
}
