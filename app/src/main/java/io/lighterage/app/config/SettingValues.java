package io.lighterage.app.config;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// What is set, by whom, before defaults fill the rest.
///
/// @param source what was read, for messages; empty where no file was
/// @param values by key
/// @param hosts the same for single registries, by host and key
/// @param flags keys whose value the command line gave
public record SettingValues(
        String source, Map<String, Object> values, Map<String, Map<String, Object>> hosts, Set<String> flags) {
    public SettingValues {
        values = Map.copyOf(values);
        hosts = new TreeMap<>(hosts); // in the order in which they are printed
        flags = Set.copyOf(flags);
    }

    /// Where there is no file.
    public static SettingValues none() {
        return new SettingValues("", Map.of(), Map.of(), Set.of());
    }

    /// With what a flag of the command line says, which goes before the file.
    ///
    /// @param given nothing changes without
    /// @throws ImageException INVALID for a value that is out of range
    public <T> SettingValues withFlag(Setting<T> setting, @Nullable T given) {
        if (given == null) {
            return this;
        }
        if (!setting.type().allows(given)) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    setting.flag() + ": " + given + " is out of range; expected " + setting.expected());
        }
        Set<String> all = new HashSet<>(flags);
        all.add(setting.key());
        return new SettingValues(source, with(setting, given), hosts, all);
    }

    /// With what applies where neither flag nor file says anything.
    public <T> SettingValues orElse(Setting<T> setting, Optional<T> fallback) {
        return given(setting).isPresent() || fallback.isEmpty()
                ? this
                : new SettingValues(source, with(setting, fallback.get()), hosts, flags);
    }

    private <T> Map<String, Object> with(Setting<T> setting, T value) {
        Map<String, Object> all = new HashMap<>(values);
        all.put(setting.key(), value);
        return all;
    }

    /// What flag or file say.
    @SuppressWarnings("unchecked") // values were read by the setting's own type
    <T> Optional<T> given(Setting<T> setting) {
        return Optional.ofNullable((T) values.get(setting.key()));
    }

    /// What flag or file say, else the default.
    <T> Optional<T> effective(Setting<T> setting) {
        return given(setting).or(setting::fallback);
    }

    /// For a setting that has a default.
    <T> T value(Setting<T> setting) {
        return effective(setting).orElseThrow();
    }

    /// What the file says of one registry; nothing where a flag decides for all.
    @SuppressWarnings("unchecked") // values were read by the setting's own type
    <T> Optional<T> ofHost(String host, Setting<T> setting, Setting<T> general) {
        return flags.contains(general.key())
                ? Optional.empty()
                : Optional.ofNullable((T) hosts.getOrDefault(host, Map.of()).get(setting.key()));
    }
}
