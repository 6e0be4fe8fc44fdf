package io.lighterage.app.config;

import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.resolver.Reference;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/// Reads TOML 1.0 by [Settings]: anything that is not described there is an error, so that no typing error is taken
/// for a default.
public final class ConfigParser {
    /// Enough to mend a file in one go, few enough for one screen.
    private static final int MAX_PROBLEMS = 20;

    private final String source;
    private final KeyLines lines;
    private final Map<String, Object> values = new HashMap<>();
    private final Map<String, Map<String, Object>> hosts = new HashMap<>();
    private final List<String> problems = new ArrayList<>();

    private ConfigParser(String source, String text) {
        this.source = source;
        this.lines = KeyLines.of(text);
    }

    /// Reads one document.
    ///
    /// @param source its name, for messages
    /// @throws ImageException INVALID, with every problem on a line
    public static SettingValues parse(String source, byte[] document) {
        String text = text(source, document);
        ConfigParser parser = new ConfigParser(source, text);
        parser.top(tree(source, text));
        if (!parser.problems.isEmpty()) {
            throw new ImageException(ErrorKind.INVALID, String.join("\n", parser.problems));
        }
        return new SettingValues(source, parser.values, parser.hosts, Set.of());
    }

    private static String text(String source, byte[] document) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(document))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new ImageException(ErrorKind.INVALID, source + ": this is not UTF-8; expected a TOML file", e);
        }
    }

    private static JsonNode tree(String source, String text) {
        try {
            return TomlMapper.shared().readTree(text);
        } catch (JacksonException e) {
            TokenStreamLocation at = e.getLocation();
            String where = at == null || at.getLineNr() < 1 ? source : source + ":" + at.getLineNr();
            throw new ImageException(
                    ErrorKind.INVALID,
                    where + ": this is not TOML: " + printable(String.valueOf(e.getOriginalMessage()))
                            + "; expected lines such as key = \"value\" below [table]",
                    e);
        }
    }

    private void top(JsonNode root) {
        for (Map.Entry<String, JsonNode> entry : root.properties()) {
            String key = entry.getKey();
            if (key.equals(Settings.REGISTRY)) {
                registries(entry.getValue());
            } else if (isTable(key)) {
                table(key, entry.getValue());
            } else {
                one(List.of(key), key, entry.getValue(), Settings.ALL, values);
            }
        }
    }

    private static boolean isTable(String key) {
        return Settings.ALL.stream().anyMatch(setting -> setting.table().equals(key));
    }

    private void table(String name, JsonNode node) {
        if (!node.isObject()) {
            problem(List.of(name), "'" + name + "' is a table: expected [" + name + "], not a value");
            return;
        }
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            String key = name + "." + entry.getKey();
            one(List.of(name, entry.getKey()), key, entry.getValue(), Settings.ALL, values);
        }
    }

    private void registries(JsonNode node) {
        if (!node.isObject()) {
            problem(List.of(Settings.REGISTRY), "expected a table for each registry, such as [registry.\"ghcr.io\"]");
            return;
        }
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            registry(entry.getKey(), entry.getValue());
        }
    }

    private void registry(String host, JsonNode node) {
        List<String> path = List.of(Settings.REGISTRY, host);
        String shown = Settings.REGISTRY + ".\"" + printable(host) + "\"";
        if (!node.isObject()) {
            boolean general = Settings.OF_HOST.stream().anyMatch(s -> s.name().equals(host));
            problem(
                    path,
                    shown + " is a table: expected [" + shown + "], not a value"
                            + (general ? "; for all registries, set it in [registries]" : ""));
            return;
        }
        String wrong = wrongHost(host);
        if (!wrong.isEmpty()) {
            problem(path, "[" + shown + "]: " + wrong);
            return;
        }
        Map<String, Object> of = new HashMap<>();
        for (Map.Entry<String, JsonNode> entry : node.properties()) {
            List<String> at = List.of(Settings.REGISTRY, host, entry.getKey());
            boolean nested = entry.getValue().isObject();
            if (nested) {
                problem(
                        at,
                        "unknown table " + shown + "." + printable(entry.getKey())
                                + "; a host with dots is written in quotes: [registry.\"" + printable(host) + "."
                                + printable(entry.getKey()) + "\"]");
            } else {
                one(at, Settings.REGISTRY + "." + entry.getKey(), entry.getValue(), Settings.OF_HOST, of);
            }
        }
        hosts.put(host, of);
    }

    private static String wrongHost(String host) {
        try {
            Reference ignored = new Reference(host, "name", Optional.of("tag"), Optional.<Digest>empty());
            return "";
        } catch (ImageException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private void one(List<String> path, String key, JsonNode node, List<Setting<?>> known, Map<String, Object> target) {
        for (Setting<?> setting : known) {
            if (setting.key().equals(key)) {
                read(path, setting, node, target);
                return;
            }
        }
        String shown = shown(path);
        String near = Nearest.of(key, known.stream().map(Setting::key).toList())
                .map(found ->
                        path.getFirst().equals(Settings.REGISTRY) ? found.substring(found.indexOf('.') + 1) : found)
                .map(found -> "; did you mean '" + found + "'?")
                .orElse("; docs/config.md lists what there is");
        problem(path, "unknown " + (node.isObject() ? "table" : "key") + " '" + shown + "'" + near);
    }

    private <T> void read(List<String> path, Setting<T> setting, JsonNode node, Map<String, Object> target) {
        Optional<T> value = setting.type().reader().apply(node);
        if (value.isPresent() && setting.type().allows(value.get())) {
            target.put(setting.key(), value.get());
            return;
        }
        String what = node.isObject() ? "a table" : node.isArray() ? "an array" : printable(node.toString());
        problem(path, shown(path) + " is " + what + "; expected " + setting.expected());
    }

    private static String shown(List<String> path) {
        List<String> parts = new ArrayList<>();
        for (String part : path) {
            parts.add(part.matches("[A-Za-z0-9_-]+") ? part : "\"" + printable(part) + "\"");
        }
        return String.join(".", parts);
    }

    private void problem(List<String> path, String what) {
        if (problems.size() < MAX_PROBLEMS) {
            String line = lines.of(path).map(number -> ":" + number).orElse("");
            problems.add(source + line + ": " + what);
        }
    }

    /// A value or key as it may stand in a message.
    private static String printable(String text) {
        String cut = text.length() > 80 ? text.substring(0, 80) + "…" : text;
        return cut.replaceAll("\\p{Cntrl}", "?");
    }
}
