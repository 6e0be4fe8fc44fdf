package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// What this process may do with files, and whose they are when it makes them.
///
/// @param uid file-system user id: owner of new files
/// @param gid file-system group id
/// @param umask bits that new files lack
/// @param privileged whether it is the machine's root: then what cannot be set is an error, otherwise an omission
public record ProcessRights(int uid, int gid, int umask, boolean privileged) {

    /// Of this thread's process, from `/proc`.
    public static ProcessRights ofThisProcess() {
        try {
            // Of this thread: to the kernel each has ids of its own, and those that this one starts inherit them.
            List<String> status = Files.readAllLines(Path.of("/proc/thread-self/status"), StandardCharsets.ISO_8859_1);
            int uid = Integer.parseUnsignedInt(field(status, "Uid:", 4));
            int gid = Integer.parseUnsignedInt(field(status, "Gid:", 4));
            int umask = Integer.parseInt(field(status, "Umask:", 1), 8);
            return new ProcessRights(uid, gid, umask, uid == 0 && inFirstUserNamespace());
        } catch (IOException | RuntimeException e) {
            throw new ImageException(
                    ErrorKind.PRECONDITION,
                    "cannot read this process's ids from /proc/thread-self/status; mount /proc",
                    e);
        }
    }

    /// The first namespace maps every id to itself; any other maps fewer, and its root may not make devices.
    private static boolean inFirstUserNamespace() throws IOException {
        Path map = Path.of("/proc/thread-self/uid_map");
        return !Files.exists(map)
                || Files.readString(map, StandardCharsets.ISO_8859_1)
                        .trim()
                        .replaceAll("\\s+", " ")
                        .equals("0 0 4294967295");
    }

    private static String field(List<String> lines, String name, int index) {
        return lines.stream()
                .filter(line -> line.startsWith(name))
                .findFirst()
                .map(line -> line.split("\\s+")[index])
                .orElseThrow();
    }
}
