package io.lighterage.app;

import io.lighterage.app.config.ConfigFile;
import io.lighterage.app.config.Setting;
import io.lighterage.app.config.Settings;
import java.util.ArrayList;
import java.util.List;

/// Makes `docs/config.md` from the description that also reads the file.
final class ConfigDocs {
    private ConfigDocs() {}

    static String page() {
        StringBuilder page = new StringBuilder("""
                # The configuration file

                Made from the description that also reads the file: `./mvnw -pl app -am test -Dtest=ConfigDocsTest
                -Dlighterage.docs.write=true -Dsurefire.failIfNoSpecifiedTests=false` writes it again.

                `lighter snapshotter` reads TOML from the file that `--config` names, else from `%s` if
                there is one. A flag goes before the file, the file before the default. What is not described here is an
                error, so that no typing error is taken for a default; so is a file of more than %d bytes.
                `lighter snapshotter --check-config` checks the file and prints what applies.

                """.formatted(ConfigFile.USUAL, ConfigFile.MAX_BYTES));
        String table = "-";
        for (Setting<?> setting : all()) {
            if (!setting.table().equals(table)) {
                table = setting.table();
                page.append("## ").append(title(table)).append("\n\n");
                page.append(Settings.TABLES.get(table)).append("\n\n");
            }
            describe(page, setting);
        }
        return page.append("## Example\n\n```toml\n")
                .append(example())
                .append("```\n")
                .toString();
    }

    private static List<Setting<?>> all() {
        List<Setting<?>> all = new ArrayList<>(Settings.ALL);
        all.addAll(Settings.OF_HOST);
        return all;
    }

    private static String title(String table) {
        return table.isEmpty() ? "Top" : "`" + header(table) + "`";
    }

    private static String header(String table) {
        return table.equals(Settings.REGISTRY) ? "[registry.\"registry.internal:5000\"]" : "[" + table + "]";
    }

    private static void describe(StringBuilder page, Setting<?> setting) {
        boolean fixed = setting.fallback().isPresent();
        page.append("### `").append(setting.name()).append("`\n\n").append(setting.meaning());
        page.append("\n\n- ").append(setting.typeName()).append(": ").append(setting.expected());
        page.append("\n- default: ").append(fixed ? "`" + setting.unset() + "`" : setting.unset());
        if (!setting.flag().isEmpty()) {
            page.append("\n- flag: `").append(setting.flag()).append('`');
        }
        page.append("\n- example: `")
                .append(setting.name())
                .append(" = ")
                .append(setting.example())
                .append("`\n\n");
    }

    /// A file with every setting.
    static String example() {
        StringBuilder file = new StringBuilder();
        String table = "";
        for (Setting<?> setting : all()) {
            if (!setting.table().equals(table)) {
                table = setting.table();
                file.append('\n').append(header(table)).append('\n');
            }
            file.append(setting.name()).append(" = ").append(setting.example()).append('\n');
        }
        return file.toString();
    }
}
