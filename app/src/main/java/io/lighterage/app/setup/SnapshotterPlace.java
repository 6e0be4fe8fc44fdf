package io.lighterage.app.setup;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.file.Path;
import java.util.regex.Pattern;

/// Where the snapshotter is, as everything around it has to know.
///
/// @param name what containerd's clients call it
/// @param address its socket
/// @param root where it keeps its snapshots
/// @param platform what it takes images for, for example `linux/amd64`
public record SnapshotterPlace(String name, Path address, Path root, String platform) {
    /// A bare key of TOML, which needs no quotes anywhere.
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,63}");

    public SnapshotterPlace {
        if (!NAME.matcher(name).matches()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "--name '" + name
                            + "' cannot name a snapshotter; use 1 to 64 letters, digits, '-' and '_', a letter"
                            + " or digit first");
        }
        address = printable("--address", address);
        root = printable("--root", root);
    }

    /// The directory of the socket.
    public Path socketDirectory() {
        Path parent = address.getParent();
        if (parent == null || parent.getNameCount() == 0) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "--address " + address + " lies in the root directory; give the socket a directory of its own, as"
                            + " /run/lighterage/snapshotter.sock has");
        }
        return parent;
    }

    /// As a string of TOML, YAML and JSON alike.
    static String quoted(Object text) {
        return "\"" + text.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    private static Path printable(String flag, Path path) {
        if (path.toString().chars().anyMatch(Character::isISOControl)) {
            throw new ImageException(
                    ErrorKind.INVALID, flag + " holds a control character, which no configuration file can");
        }
        return path.toAbsolutePath().normalize();
    }
}
