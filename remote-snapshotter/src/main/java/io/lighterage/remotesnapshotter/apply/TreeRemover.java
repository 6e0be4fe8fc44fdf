package io.lighterage.remotesnapshotter.apply;

import io.lighterage.linux.FileCalls;
import io.lighterage.linux.Flags;
import io.lighterage.stargz.RawName;
import java.nio.file.Path;
import java.util.Arrays;

/// Removes trees whose names Java's own paths cannot hold (they need not be UTF-8), never following a symlink.
public final class TreeRemover {
    private static final byte[] LOST_AND_FOUND = {'l', 'o', 's', 't', '+', 'f', 'o', 'u', 'n', 'd'};

    private TreeRemover() {}

    /// Empties a directory; `lost+found` stays, since it belongs to the file system.
    ///
    /// @throws io.lighterage.contentstore.ImageException DENIED or PRECONDITION when something cannot be removed
    public static void removeContents(FileCalls calls, Path directory) {
        Refusal refusal = new Refusal(directory.toString(), "none: cleaning up");
        int flags = Flags.O_RDONLY | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
        byte[] path = RawName.of(directory.toString()).toBytes();
        int opened = calls.openat2(Flags.AT_FDCWD, path, flags, 0, Flags.RESOLVE_NO_MAGICLINKS);
        int root = refusal.check(opened, "open directory", directory);
        try {
            boolean privileged = ProcessRights.ofThisProcess().privileged();
            TargetTree tree = new TargetTree(calls, root, refusal, privileged);
            Directory top = new Directory(RawName.of(""), null, 0);
            for (byte[] name : tree.list(top)) {
                if (!Arrays.equals(name, LOST_AND_FOUND)) {
                    tree.remove(top, name);
                }
            }
        } finally {
            int ignored = calls.close(root);
        }
    }
}
