package io.lighterage.app.setup;

import io.lighterage.app.setup.ContainerdStanza.Table;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/// A configuration file of containerd as it is, which is only ever added to.
///
/// Tables go to its end, where TOML lets them stand whatever is above. An `imports` file would not do: of
/// two files that have a table, containerd takes the whole table of one.
public final class ContainerdConfig {
    private static final TomlMapper TOML = new TomlMapper();

    private final Path file;
    private final String text;
    private final JsonNode tree;

    private ContainerdConfig(Path file, String text, JsonNode tree) {
        this.file = file;
        this.text = text;
        this.tree = tree;
    }

    /// @param file where it was read, for messages
    /// @param text what it holds, nothing when there is no file
    /// @throws ImageException INVALID when it is no TOML
    public static ContainerdConfig parse(Path file, String text) {
        return new ContainerdConfig(file, text, tree(file, text));
    }

    /// Its version, or `otherwise` when there is nothing in it.
    ///
    /// @throws ImageException UNSUPPORTED when it has one we do not know
    public int version(int otherwise) {
        if (tree.isEmpty()) {
            return otherwise;
        }
        JsonNode version = tree.path("version");
        if (version.isMissingNode()) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    file + " says no 'version', so containerd reads it as version 1, which lighter does not write; have"
                            + " it made anew by 'containerd config migrate', or begin it with 'version = 2' if it is");
        }
        if (!version.isIntegralNumber()
                || version.intValue() < ContainerdStanza.OF_CONTAINERD_1
                || version.intValue() > ContainerdStanza.OF_CONTAINERD_2_3) {
            throw new ImageException(
                    ErrorKind.UNSUPPORTED,
                    file + " has version " + version + "; lighter knows 2 (containerd 1.x), 3 (containerd 2.x) and 4"
                            + " (containerd 2.3). See 'lighter setup containerd --dry-run --config-version 3' for what"
                            + " to add by hand");
        }
        return version.intValue();
    }

    /// Whether it has files imported, whose tables may replace ours.
    public boolean imports() {
        return !tree.path("imports").isEmpty();
    }

    /// What the file has to hold so that it says what the stanza says; its own text when it does so
    /// already.
    ///
    /// @throws ImageException PRECONDITION when it says otherwise already; the message shows what it would
    ///     have to say
    public String with(ContainerdStanza stanza, int version) {
        List<Table> missing = new ArrayList<>();
        for (Table table : stanza.tables()) {
            if (!holds(table)) {
                missing.add(table);
            }
        }
        if (missing.isEmpty()) {
            return text;
        }
        for (Table table : missing) {
            refuseConflict(table, missing);
        }
        keepDefaultUnpacking(missing);
        StringBuilder longer = new StringBuilder(tree.isEmpty() ? "version = " + version + "\n" : "").append(text);
        if (!text.isEmpty() && !text.endsWith("\n")) {
            longer.append('\n');
        }
        longer.append("\n# Added by 'lighter setup containerd'.\n").append(new ContainerdStanza(missing).text());
        return checked(longer.toString(), missing);
    }

    /// containerd unpacks for its default snapshotter only while nobody lists what to unpack for.
    private void keepDefaultUnpacking(List<Table> missing) {
        Table last = missing.getLast();
        if (last.element() && at(last.path()).isEmpty()) {
            missing.add(ContainerdStanza.unpacking("overlayfs"));
        }
    }

    private boolean holds(Table table) {
        JsonNode there = at(table.path());
        if (table.element()) {
            return there.isArray() && there.valueStream().anyMatch(element -> says(element, table));
        }
        return says(there, table);
    }

    private static boolean says(JsonNode there, Table table) {
        return table.entries().entrySet().stream()
                .allMatch(entry -> there.path(entry.getKey()).asString("").equals(String.valueOf(entry.getValue()))
                        && there.path(entry.getKey()).isString() == entry.getValue() instanceof String);
    }

    private void refuseConflict(Table table, List<Table> missing) {
        if (table.element()) {
            return;
        }
        JsonNode there = at(table.path());
        for (Map.Entry<String, Object> entry : table.entries().entrySet()) {
            JsonNode value = there.path(entry.getKey());
            if (!value.isMissingNode()) {
                throw refusal(
                        "its table " + table.header() + " has " + entry.getKey() + " = " + value + " already", missing);
            }
        }
    }

    /// That what we made is TOML, still says all that it said, and says what it was made for.
    private String checked(String longer, List<Table> added) {
        JsonNode result;
        try {
            result = TOML.readTree(longer);
        } catch (JacksonException e) {
            throw refusal("a table of it cannot be added to from the end of the file", added);
        }
        ContainerdConfig then = new ContainerdConfig(file, longer, result);
        if (!added.stream().allMatch(then::holds)) {
            throw refusal("its tables are written in a way that cannot be added to", added);
        }
        return longer;
    }

    private ImageException refusal(String why, List<Table> missing) {
        return new ImageException(
                ErrorKind.PRECONDITION,
                "left " + file + " as it is: " + why + ". Change it by hand so that it says:\n\n"
                        + new ContainerdStanza(missing).text());
    }

    private JsonNode at(List<String> path) {
        JsonNode node = tree;
        for (String key : path) {
            node = node.path(key);
        }
        return node;
    }

    private static JsonNode tree(Path file, String text) {
        try {
            return TOML.readTree(text);
        } catch (JacksonException e) {
            var place = e.getLocation();
            String line = place == null ? "" : ", line " + place.getLineNr();
            throw new ImageException(
                    ErrorKind.INVALID,
                    "cannot add to " + file + line + ": it is no TOML: " + e.getOriginalMessage()
                            + ". containerd would not read it either; mend it first",
                    e);
        }
    }
}
