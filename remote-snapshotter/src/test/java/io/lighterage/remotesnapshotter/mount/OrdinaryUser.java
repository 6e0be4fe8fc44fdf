package io.lighterage.remotesnapshotter.mount;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.lighterage.remotesnapshotter.apply.Unpacking;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Somebody who is not root, on a machine where everybody may open /dev/fuse, as on an ordinary one: `nobody`, in a
/// mount namespace of its own.
public final class OrdinaryUser {
    private static final String NOBODY = "65534";

    private final Path folder;

    /// @param folder for files, which everybody may enter
    public OrdinaryUser(Path folder) {
        this.folder = folder;
    }

    /// Skips the test where nobody can be, and says why.
    public static void assumeCanMount() {
        assumeTrue(Unpacking.hasCommand("fusermount") || Unpacking.hasCommand("fusermount3"), "needs fusermount");
        assumeTrue(Unpacking.hasCommand("unshare") && Unpacking.hasCommand("setpriv"), "needs util-linux");
    }

    /// Makes a directory the user's.
    public Path own(Path directory) throws Exception {
        Unpacking.command("chown", NOBODY + ":" + NOBODY, directory.toString());
        return directory;
    }

    /// The test's own class path, copied to where the user may read it: it may lie in root's home.
    public String classPath() throws Exception {
        Path to = Files.createDirectories(folder.resolve("lib"));
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(":")) {
            if (Files.exists(Path.of(entry))) {
                Path copy = to.resolve(entries.size() + "-" + Path.of(entry).getFileName());
                Unpacking.command("cp", "-r", entry, copy.toString());
                entries.add(copy.toString());
            }
        }
        Unpacking.command("chmod", "-R", "a+rX", to.toString());
        return String.join(":", entries);
    }

    /// @param command without anything that a shell would take for its own
    /// @param errors what is said to standard error goes to its end
    public Process start(List<String> command, File errors) throws Exception {
        Path device = folder.resolve("fuse");
        Unpacking.command("mknod", "-m", "666", device.toString(), "c", "10", "229");
        String run = "mount --bind " + device + " /dev/fuse && exec setpriv " + String.join(" ", rights()) + " "
                + String.join(" ", command);
        ProcessBuilder builder = new ProcessBuilder(List.of("unshare", "-m", "sh", "-c", run))
                .redirectError(ProcessBuilder.Redirect.appendTo(errors));
        builder.environment().put("HOME", folder.toString());
        return builder.start();
    }

    /// What a command of the user's prints that is run where `process` is; an AssertionError when it fails.
    public static String inside(Process process, String command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("nsenter", "-m", "-t", "" + process.pid(), "setpriv"));
        words.addAll(rights());
        words.addAll(List.of("sh", "-c", command));
        return Unpacking.command(words.toArray(String[]::new));
    }

    private static List<String> rights() {
        return List.of("--reuid", NOBODY, "--regid", NOBODY, "--clear-groups");
    }
}
