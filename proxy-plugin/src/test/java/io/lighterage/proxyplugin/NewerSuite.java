package io.lighterage.proxyplugin;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// Programs of a newer Debian suite, in a root and a mount namespace of their own.
///
/// Of our files they see one folder, by the path that it has here. What is mounted in it here is mounted there, too,
/// and
/// not the other way round, as where a snapshotter is served by a container beside containerd's.
public final class NewerSuite implements AutoCloseable {
    /// Makes the root and becomes the program. A plain chroot would not do: it leaves the root of the namespace where
    /// it
    /// was, and runc pivots. The root is of memory, and only `usr` is the suite's.
    private static final String ENTER = """
            set -e
            suite=$1 folder=$2
            shift 2
            export PATH=/usr/sbin:/usr/bin:/sbin:/bin
            mount -t tmpfs tmpfs /mnt
            cd /mnt
            mkdir -p dev old opt proc root run sys tmp usr var ".$folder"
            cp -a "$suite"/etc "$suite"/bin "$suite"/lib* "$suite"/sbin .
            echo "127.0.0.1 localhost" >etc/hosts
            ln -s ../run var/run
            mount --bind "$suite/usr" usr
            mount -o remount,bind,ro usr
            mount -t proc proc proc
            mount --rbind /sys sys
            mount --rbind /dev dev
            mount --rbind "$folder" ".$folder"
            pivot_root . old
            cd /
            busybox umount -l /old
            exec "$@"
            """;

    private final Path root;
    private final Path folder;

    private NewerSuite(Path root, Path folder) {
        this.root = root;
        this.folder = folder;
    }

    /// Where the suite's files are; skips the test, saying so, when nobody has made them.
    public static Path root() {
        Programs.require("unshare", "nsenter", "pivot_root", "mount", "umount");
        String images = System.getProperty("lighterage.images", "");
        Path root = Path.of(images).toAbsolutePath().resolveSibling("newer");
        assumeTrue(
                !images.isEmpty() && Files.isExecutable(root.resolve("usr/bin/containerd")),
                "needs a newer Debian suite's containerd in " + root + "; ./verify makes it with bench/images/newer");
        return root;
    }

    /// @param folder what its programs see; has to be opened before anything is mounted in it
    public static NewerSuite open(Path folder) throws IOException, InterruptedException {
        NewerSuite suite = new NewerSuite(root(), folder);
        Programs.run(folder, Map.of(), "mount", "--bind", folder.toString(), folder.toString());
        Programs.run(folder, Map.of(), "mount", "--make-shared", folder.toString());
        return suite;
    }

    /// Starts a program, which everything that it starts ends with.
    Running start(Path log, String... program) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(
                List.of("unshare", "--mount", "--propagation", "slave", "--pid", "--fork", "--kill-child"));
        command.addAll(List.of("sh", "-c", ENTER, "sh", root.toString(), folder.toString()));
        command.addAll(List.of(program));
        Process outer = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        ProcessHandle inner = outer.children().findFirst().orElse(null);
        while (inner == null && outer.isAlive()) {
            TimeUnit.MILLISECONDS.sleep(5);
            inner = outer.children().findFirst().orElse(null);
        }
        if (inner == null) {
            throw new IllegalStateException("the newer suite was not entered: " + Files.readString(log));
        }
        return new Running(outer, inner);
    }

    /// @param outer ends with `inner`, the program in the suite
    record Running(Process outer, ProcessHandle inner) {
        /// What makes a command run beside it.
        List<String> beside() {
            return List.of("nsenter", "--target", Long.toString(inner.pid()), "--mount", "--pid");
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        Programs.run(Path.of("/"), Map.of(), "umount", "--lazy", folder.toString());
    }
}
