package io.lighterage.app.config;

import java.util.Map;
import java.util.Optional;

/// What applies, as a configuration file that says the same.
public final class EffectiveConfig {
    private EffectiveConfig() {}

    /// Every setting with its value; those that have none, and what defaults say, in comments.
    public static String toml(SettingValues set) {
        StringBuilder out = new StringBuilder();
        String table = "";
        for (Setting<?> setting : Settings.ALL) {
            if (!setting.table().equals(table)) {
                table = setting.table();
                out.append("\n[").append(table).append("]\n");
            }
            line(out, set, setting);
        }
        for (Map.Entry<String, Map<String, Object>> host : set.hosts().entrySet()) {
            out.append("\n[registry.").append(TomlText.string(host.getKey())).append("]\n");
            ofHost(out, set, host.getKey(), Settings.HOST_PLAIN_HTTP, Settings.PLAIN_HTTP);
            ofHost(out, set, host.getKey(), Settings.HOST_TLS_VERIFY, Settings.TLS_VERIFY);
            ofHost(out, set, host.getKey(), Settings.HOST_CERT_DIR, Settings.CERT_DIR);
        }
        return out.toString();
    }

    private static <T> void line(StringBuilder out, SettingValues set, Setting<T> setting) {
        Optional<T> value = set.effective(setting);
        if (value.isEmpty()) {
            out.append("# ").append(setting.name()).append(" is not set: ").append(setting.unset());
        } else {
            out.append(setting.name())
                    .append(" = ")
                    .append(setting.type().writer().apply(value.get()));
            out.append(origin(set, setting));
        }
        out.append('\n');
    }

    private static String origin(SettingValues set, Setting<?> setting) {
        if (set.flags().contains(setting.key())) {
            return " # " + setting.flag();
        }
        return set.given(setting).isPresent() ? "" : " # default";
    }

    private static <T> void ofHost(
            StringBuilder out, SettingValues set, String host, Setting<T> setting, Setting<T> general) {
        set.ofHost(host, setting, general)
                .ifPresent(value -> out.append(setting.name())
                        .append(" = ")
                        .append(setting.type().writer().apply(value))
                        .append('\n'));
    }
}
