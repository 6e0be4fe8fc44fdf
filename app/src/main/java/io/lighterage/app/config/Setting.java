package io.lighterage.app.config;

import java.util.Optional;

/// One setting, described once: reading, checking, messages and `docs/config.md` come from here.
///
/// @param table the table it is in; empty for the top
/// @param name its key in that table
/// @param type how it is written and what is allowed
/// @param fallback what applies where nobody sets it; empty when `unset` says what happens then
/// @param unset what happens where it is not set, for people
/// @param flag the command line's flag for the same, which goes before the file; empty for none
/// @param meaning one or two sentences
/// @param example a value, in TOML
public record Setting<T>(
        String table,
        String name,
        ValueType<T> type,
        Optional<T> fallback,
        String unset,
        String flag,
        String meaning,
        String example) {

    static <T> Setting<T> of(String key, ValueType<T> type, T fallback, String flag, String meaning, String example) {
        return new Setting<>(
                table(key),
                name(key),
                type,
                Optional.of(fallback),
                type.writer().apply(fallback),
                flag,
                meaning,
                example);
    }

    static <T> Setting<T> optional(
            String key, ValueType<T> type, String unset, String flag, String meaning, String example) {
        return new Setting<>(table(key), name(key), type, Optional.empty(), unset, flag, meaning, example);
    }

    /// The whole key: `log.level`.
    public String key() {
        return table.isEmpty() ? name : table + "." + name;
    }

    /// The kind of value: `duration`, `size`, …
    public String typeName() {
        return type.name();
    }

    /// What may stand there, as it follows "expected".
    public String expected() {
        return type.expected();
    }

    private static String table(String key) {
        return key.contains(".") ? key.substring(0, key.lastIndexOf('.')) : "";
    }

    private static String name(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }
}
