package io.lighterage.remotesnapshotter.apply;

import io.lighterage.contentstore.Digest;
import io.lighterage.linux.FileCalls;
import io.lighterage.linux.FileStatus;
import io.lighterage.linux.Flags;
import io.lighterage.linux.NativeFileCalls;
import io.lighterage.stargz.RawName;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// Everything a file system tells of a tree, byte for byte, and the differences of two trees in words.
///
/// Paths are relative to the root, which is the empty path. Access and change times and the sizes of directories are
/// left out: they say nothing of what was unpacked.
public final class TreeListing {
    private final SortedMap<RawName, Node> nodes;

    private TreeListing(NavigableMap<RawName, Node> nodes) {
        this.nodes = nodes;
    }

    /// One file.
    ///
    /// @param mode type and permission bits
    /// @param size bytes; 0 for directories
    /// @param linkedTo the first path (by bytes) of the same inode: its own unless it is a hard link
    /// @param xattrs all that this process can see
    /// @param target of a symlink, else empty
    /// @param content sha256 of a regular file, else empty
    public record Node(
            int mode,
            int uid,
            int gid,
            long size,
            long modifySeconds,
            int modifyNanos,
            int links,
            RawName linkedTo,
            int deviceMajor,
            int deviceMinor,
            SortedMap<RawName, RawName> xattrs,
            RawName target,
            String content) {}

    /// Which differences do not count.
    ///
    /// @param root the root's own attributes
    /// @param timesBeforeEpoch modification times that are before 1970 on one of the two sides
    /// @param owners owners and groups
    /// @param links link counts; overlayfs counts names that are hidden, too
    public record Ignore(boolean root, boolean timesBeforeEpoch, boolean owners, boolean links) {
        public static final Ignore NOTHING = new Ignore(false, false, false, false);
        public static final Ignore ROOT = new Ignore(true, false, false, false);
    }

    /// Reads a whole tree.
    public static TreeListing of(Path root) {
        return new Reader(new NativeFileCalls()).read(root);
    }

    /// The files by path.
    public SortedMap<RawName, Node> nodes() {
        return nodes;
    }

    /// One file, by a path that is text.
    public Node at(String path) {
        return Objects.requireNonNull(nodes.get(RawName.of(path)), () -> "no '" + path + "' among " + nodes.keySet());
    }

    public boolean has(String path) {
        return nodes.containsKey(RawName.of(path));
    }

    /// All paths below the root as text, for assertions.
    public List<String> paths() {
        return nodes.keySet().stream()
                .filter(name -> !name.isEmpty())
                .map(RawName::toString)
                .toList();
    }

    /// A digest of everything listed; the root's own attributes are left out.
    public Digest digest() {
        StringBuilder text = new StringBuilder();
        nodes.forEach((path, node) -> {
            if (!path.isEmpty()) {
                text.append(path).append(' ').append(node).append('\n');
            }
        });
        return Digest.sha256(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /// What differs, one line a fact: `path: fact here, there`.
    public List<String> differences(TreeListing other, Ignore ignore) {
        List<String> lines = new ArrayList<>();
        TreeSet<RawName> all = new TreeSet<>(nodes.keySet());
        all.addAll(other.nodes.keySet());
        for (RawName path : all) {
            Node here = nodes.get(path);
            Node there = other.nodes.get(path);
            if (here == null || there == null) {
                lines.add(path + ": " + (here == null ? "missing here" : "missing there"));
            } else if (!(path.isEmpty() && ignore.root())) {
                compare(path, here, there, ignore, lines);
            }
        }
        return lines;
    }

    private static void compare(RawName path, Node here, Node there, Ignore ignore, List<String> lines) {
        Map<String, Object> left = facts(here);
        Map<String, Object> right = facts(there);
        if (ignore.timesBeforeEpoch() && (here.modifySeconds() < 0 || there.modifySeconds() < 0)) {
            left.remove("time");
        }
        if (ignore.links()) {
            left.remove("links");
        }
        if (ignore.owners()) {
            left.remove("uid");
            left.remove("gid");
        }
        left.forEach((fact, value) -> {
            if (!value.equals(right.get(fact))) {
                lines.add(path + ": " + fact + " " + value + ", " + right.get(fact));
            }
        });
    }

    private static Map<String, Object> facts(Node node) {
        Map<String, Object> facts = new TreeMap<>();
        facts.put("mode", Integer.toOctalString(node.mode()));
        facts.put("uid", node.uid());
        facts.put("gid", node.gid());
        facts.put("size", node.size());
        facts.put("time", node.modifySeconds() + "s" + node.modifyNanos() + "ns");
        facts.put("links", node.links());
        facts.put("linked to", node.linkedTo());
        facts.put("device", node.deviceMajor() + ":" + node.deviceMinor());
        facts.put("xattrs", node.xattrs());
        facts.put("target", node.target());
        facts.put("content", node.content());
        return facts;
    }

    /// Walks a tree, one directory descriptor a level.
    private static final class Reader {
        private record Inode(int major, int minor, long number) {}

        private static final byte[] SELF = {'.'};

        private final FileCalls calls;
        private final NavigableMap<RawName, Node> nodes = new TreeMap<>();
        private final Map<Inode, RawName> firstNames = new HashMap<>();
        private final Map<RawName, Inode> inodes = new HashMap<>();

        Reader(FileCalls calls) {
            this.calls = calls;
        }

        TreeListing read(Path root) {
            int flags = Flags.O_RDONLY | Flags.O_DIRECTORY | Flags.O_CLOEXEC;
            int directory =
                    calls.openat2(Flags.AT_FDCWD, root.toString().getBytes(StandardCharsets.UTF_8), flags, 0, 0);
            if (directory < 0) {
                throw new IllegalStateException("cannot open " + root + ": errno " + -directory);
            }
            try {
                add(RawName.of(""), directory, SELF);
                walk(RawName.of(""), directory);
            } finally {
                int ignored = calls.close(directory);
            }
            nodes.replaceAll((path, node) -> linked(node, Objects.requireNonNull(firstNames.get(inodes.get(path)))));
            return new TreeListing(nodes);
        }

        private void walk(RawName path, int directory) {
            for (byte[] name : calls.list(directory)) {
                RawName child = path.isEmpty() ? RawName.of(name) : join(path, name);
                Node node = add(child, directory, name);
                if ((node.mode() & Flags.S_IFMT) == Flags.S_IFDIR) {
                    int flags = Flags.O_RDONLY | Flags.O_DIRECTORY | Flags.O_NOFOLLOW | Flags.O_CLOEXEC;
                    int descriptor = calls.openat2(directory, name, flags, 0, 0);
                    if (descriptor < 0) {
                        throw new IllegalStateException("cannot open " + child + ": errno " + -descriptor);
                    }
                    try {
                        walk(child, descriptor);
                    } finally {
                        int ignored = calls.close(descriptor);
                    }
                }
            }
        }

        private Node add(RawName path, int directory, byte[] name) {
            FileStatus status = Objects.requireNonNull(calls.statx(directory, name));
            SortedMap<RawName, RawName> xattrs = new TreeMap<>();
            for (byte[] attribute : calls.listxattrat(directory, name)) {
                byte[] value = calls.getxattrat(directory, name, attribute);
                xattrs.put(RawName.of(attribute), RawName.of(Objects.requireNonNull(value)));
            }
            Inode inode = new Inode(status.deviceMajor(), status.deviceMinor(), status.inode());
            inodes.put(path, inode);
            firstNames.merge(inode, path, (a, b) -> a.compareTo(b) < 0 ? a : b);
            Node node = new Node(
                    status.mode(),
                    status.uid(),
                    status.gid(),
                    status.isDirectory() ? 0 : status.size(),
                    status.modifySeconds(),
                    status.modifyNanos(),
                    status.isDirectory() ? 0 : status.links(),
                    path,
                    status.targetMajor(),
                    status.targetMinor(),
                    xattrs,
                    status.isSymlink() ? RawName.of(calls.readlinkat(directory, name)) : RawName.of(""),
                    status.isRegular() ? content(directory, name) : "");
            nodes.put(path, node);
            return node;
        }

        private static Node linked(Node n, RawName to) {
            return new Node(
                    n.mode(),
                    n.uid(),
                    n.gid(),
                    n.size(),
                    n.modifySeconds(),
                    n.modifyNanos(),
                    n.links(),
                    to,
                    n.deviceMajor(),
                    n.deviceMinor(),
                    n.xattrs(),
                    n.target(),
                    n.content());
        }

        private String content(int directory, byte[] name) {
            int file = calls.openat2(directory, name, Flags.O_RDONLY | Flags.O_NOFOLLOW | Flags.O_CLOEXEC, 0, 0);
            if (file < 0) {
                return "unreadable, errno " + -file;
            }
            try (FileInputStream in = new FileInputStream("/proc/self/fd/" + file)) {
                MessageDigest hasher = Digest.newHasher("sha256");
                byte[] block = new byte[128 << 10];
                for (int count = in.read(block); count > 0; count = in.read(block)) {
                    hasher.update(block, 0, count);
                }
                return Digest.finish("sha256", hasher).hex();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            } finally {
                int ignored = calls.close(file);
            }
        }

        private static RawName join(RawName path, byte[] name) {
            byte[] full = java.util.Arrays.copyOf(path.toBytes(), path.length() + 1 + name.length);
            full[path.length()] = '/';
            System.arraycopy(name, 0, full, path.length() + 1, name.length);
            return RawName.of(full);
        }
    }
}
