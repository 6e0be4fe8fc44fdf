package io.lighterage.runtime.bundle;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.manifest.ImageConfig;
import io.lighterage.runtime.bundle.BundleSpec.Network;
import io.lighterage.runtime.bundle.RuntimeDefaults.Mount;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// The `config.json` of a bundle (OCI runtime specification 1.0). Pure: values in, document out.
///
/// Nothing of an image but its command, environment, user and working directory gets in; its labels name nothing here.
final class RuntimeSpec {
    /// What `execve(2)` takes of arguments and environment together is a quarter of the stack's limit, 2 MiB where
    /// nobody changed it; half of that leaves room for what runc adds.
    static final int MAX_ARGUMENT_BYTES = 1 << 20;

    private final BundleSpec spec;
    private final ContainerUser user;
    private final Map<String, Path> files;

    private RuntimeSpec(BundleSpec spec, ContainerUser user, Map<String, Path> files) {
        this.spec = spec;
        this.user = user;
        this.files = files;
    }

    /// @param files files of ours to be seen in the container, by their absolute path there
    /// @throws ImageException INVALID when the image names no command or the configuration cannot be meant
    static ObjectNode document(BundleSpec spec, ContainerUser user, Map<String, Path> files) {
        return new RuntimeSpec(spec, user, files).document();
    }

    private ObjectNode document() {
        ObjectNode document = JsonNodeFactory.instance.objectNode();
        document.put("ociVersion", RuntimeDefaults.OCI_VERSION);
        document.set("process", process());
        document.putObject("root").put("path", spec.root().toString()).put("readonly", false);
        document.put("hostname", spec.hostname());
        document.set("mounts", mounts());
        document.set("linux", linux());
        return document;
    }

    private ObjectNode process() {
        ImageConfig.Execution execution = spec.config().execution();
        List<String> arguments = arguments(execution);
        List<String> environment = environment(execution);
        requireFits(arguments, environment);
        ObjectNode process = JsonNodeFactory.instance.objectNode();
        process.put("terminal", false);
        ObjectNode who = process.putObject("user").put("uid", user.uid()).put("gid", user.gid());
        // With the primary one: a process that leaves it must not lose it, or what is forbidden to it opens up.
        ArrayNode gids = who.putArray("additionalGids").add(user.gid());
        user.additionalGids().forEach(gids::add);
        strings(process, "args", arguments);
        strings(process, "env", environment);
        String directory = execution.workingDir();
        process.put("cwd", directory.startsWith("/") ? directory : "/" + directory);
        ObjectNode capabilities = process.putObject("capabilities");
        strings(capabilities, "bounding", RuntimeDefaults.CAPABILITIES);
        // As docker: an ordinary user gets none to begin with, and may regain those of the set through set-uid files.
        List<String> active = user.uid() == 0 ? RuntimeDefaults.CAPABILITIES : List.of();
        strings(capabilities, "effective", active);
        strings(capabilities, "permitted", active);
        process.put("noNewPrivileges", false);
        return process;
    }

    private List<String> arguments(ImageConfig.Execution execution) {
        List<String> arguments = new ArrayList<>(spec.command());
        if (arguments.isEmpty()) {
            arguments.addAll(execution.entrypoint());
            arguments.addAll(execution.cmd());
        }
        if (arguments.isEmpty() || arguments.getFirst().isEmpty()) {
            throw new ImageException(
                    ErrorKind.INVALID, "the image names neither an entrypoint nor a command; give one after '--'");
        }
        return arguments;
    }

    private List<String> environment(ImageConfig.Execution execution) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("PATH", RuntimeDefaults.PATH);
        all.put("HOSTNAME", spec.hostname());
        for (String entry : execution.env()) {
            int equals = entry.indexOf('=');
            if (equals < 1) {
                throw new ImageException(
                        ErrorKind.INVALID,
                        "the image sets the environment entry '" + entry.replaceAll("\\p{Cntrl}", "?")
                                + "'; expected NAME=VALUE");
            }
            all.put(entry.substring(0, equals), entry.substring(equals + 1));
        }
        all.putIfAbsent("HOME", user.home());
        return all.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
    }

    private static void requireFits(List<String> arguments, List<String> environment) {
        long bytes = 0;
        for (List<String> texts : List.of(arguments, environment)) {
            for (String text : texts) {
                if (text.indexOf('\0') >= 0) {
                    throw new ImageException(
                            ErrorKind.INVALID, "an argument or environment entry of the image holds a NUL");
                }
                bytes += text.getBytes(StandardCharsets.UTF_8).length + 1L;
            }
        }
        if (bytes > MAX_ARGUMENT_BYTES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "command and environment take " + bytes + " bytes; expected at most " + MAX_ARGUMENT_BYTES);
        }
    }

    private ArrayNode mounts() {
        ArrayNode mounts = JsonNodeFactory.instance.arrayNode();
        RuntimeDefaults.MOUNTS.forEach(mount -> add(mounts, mount));
        files.forEach((destination, source) ->
                add(mounts, new Mount(destination, "bind", source.toString(), List.of("rbind", "rprivate"))));
        return mounts;
    }

    private static void add(ArrayNode mounts, Mount mount) {
        ObjectNode node = mounts.addObject()
                .put("destination", mount.destination())
                .put("type", mount.type())
                .put("source", mount.source());
        strings(node, "options", mount.options());
    }

    private ObjectNode linux() {
        ObjectNode linux = JsonNodeFactory.instance.objectNode();
        linux.putObject("resources")
                .putArray("devices")
                .addObject()
                .put("allow", false)
                .put("access", "rwm");
        linux.put("cgroupsPath", spec.cgroupsPath());
        ArrayNode namespaces = linux.putArray("namespaces");
        List<String> types = spec.network() == Network.LOOPBACK
                ? List.of("pid", "ipc", "uts", "mount", "network")
                : List.of("pid", "ipc", "uts", "mount");
        types.forEach(type -> namespaces.addObject().put("type", type));
        strings(linux, "maskedPaths", RuntimeDefaults.MASKED);
        strings(linux, "readonlyPaths", RuntimeDefaults.READ_ONLY);
        return linux;
    }

    private static void strings(ObjectNode node, String name, List<String> values) {
        ArrayNode array = node.putArray(name);
        values.forEach(array::add);
    }
}
