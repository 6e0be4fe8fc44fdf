package io.lighterage.stargz.index;

import io.lighterage.stargz.RawName;
import java.util.Arrays;
import java.util.Random;

/// The names of a layer while its index is being built. A *node* is one name in one directory and, unless it is a
/// further name of something, the inode behind it; nodes are numbered as they are made, so a directory has a smaller
/// number than what is in it. Node 0 is the root.
///
/// A node that is taken out is never found again, and so nothing below it; its inode lives on while it has other
/// names.
final class IndexTree {
    /// No node.
    static final int NONE = -1;

    /// Kind of a hard link whose target has not been seen yet; all others are those of [IndexFormat#code].
    static final int PENDING = 15;

    /// Kind of a hard link whose target is known.
    static final int LINK = 14;

    static final int PARENT = 0;
    private static final int NAME = 4;
    private static final int NEXT = 8;
    /// Node that has the inode; itself unless it is a hard link.
    static final int INODE = 12;
    private static final int NAME_LENGTH = 16;
    static final int KIND = 17;
    static final int FLAGS = 18;
    private static final int GONE = 19;
    static final int MODE = 20;
    static final int UID = 24;
    static final int GID = 28;
    static final int NANOS = 32;
    /// Where in the texts the extended attributes are, plus 1; or 0.
    static final int XATTRS = 36;
    static final int SECONDS = 40;
    /// Size; or the major and minor number of a device.
    static final int SIZE = 48;
    static final int MINOR = 52;
    static final int FIRST_CHUNK = 56;
    static final int CHUNKS = 60;
    /// Where in the texts the target of a symlink or of a pending link is.
    static final int TARGET = 64;

    static final int RECORD = 68;

    final Records nodes = new Records(RECORD);
    final Texts texts = new Texts();
    private final Texts names = new Texts();
    private final long seed;
    private int[] buckets = new int[1024];

    /// @param random makes the places of names in the table unknown, so that no layer can make them all the same
    IndexTree(Random random) {
        seed = random.nextLong() | 1;
        Arrays.fill(buckets, NONE);
        make(0, new byte[0], 0, 0);
    }

    int find(int directory, byte[] path, int from, int to) {
        int node = buckets[bucket(directory, path, from, to)];
        while (node != NONE && !is(node, directory, path, from, to)) {
            node = nodes.getInt(node, NEXT);
        }
        return node;
    }

    private boolean is(int node, int directory, byte[] path, int from, int to) {
        return nodes.getInt(node, PARENT) == directory
                && nameLength(node) == to - from
                && names.equals(nodes.getInt(node, NAME), to - from, path, from, to);
    }

    /// Makes a node for a name that is not there: one that [#find] does not find.
    int add(int directory, byte[] path, int from, int to) {
        if (nodes.count() > buckets.length) {
            grow();
        }
        int node = make(directory, path, from, to);
        link(node, bucket(directory, path, from, to));
        return node;
    }

    private int make(int directory, byte[] path, int from, int to) {
        int node = nodes.add();
        nodes.putInt(node, PARENT, directory);
        nodes.putInt(node, NAME, names.add(path, from, to));
        nodes.putByte(node, NAME_LENGTH, to - from);
        nodes.putInt(node, INODE, node);
        return node;
    }

    private void link(int node, int bucket) {
        nodes.putInt(node, NEXT, buckets[bucket]);
        buckets[bucket] = node;
    }

    private void grow() {
        buckets = new int[buckets.length * 4];
        Arrays.fill(buckets, NONE);
        for (int node = 1; node < nodes.count(); node++) {
            if (!isGone(node)) {
                int from = nodes.getInt(node, NAME);
                link(node, bucket(nodes.getInt(node, PARENT), names.array(), from, from + nameLength(node)));
            }
        }
    }

    /// Takes a name out, and with it all that is below.
    void remove(int node) {
        int from = nodes.getInt(node, NAME);
        int bucket = bucket(nodes.getInt(node, PARENT), names.array(), from, from + nameLength(node));
        int after = nodes.getInt(node, NEXT);
        if (buckets[bucket] == node) {
            buckets[bucket] = after;
        } else {
            int before = buckets[bucket];
            while (nodes.getInt(before, NEXT) != node) {
                before = nodes.getInt(before, NEXT);
            }
            nodes.putInt(before, NEXT, after);
        }
        nodes.putByte(node, GONE, 1);
    }

    boolean isGone(int node) {
        return nodes.getByte(node, GONE) != 0;
    }

    int kind(int node) {
        return nodes.getByte(node, KIND);
    }

    boolean is(int node, LayerIndex.Kind kind) {
        return kind(node) == IndexFormat.code(kind);
    }

    boolean has(int node, int flag) {
        return (nodes.getByte(node, FLAGS) & flag) != 0;
    }

    void set(int node, int flag) {
        nodes.putByte(node, FLAGS, nodes.getByte(node, FLAGS) | flag);
    }

    void clear(int node, int flag) {
        nodes.putByte(node, FLAGS, nodes.getByte(node, FLAGS) & ~flag);
    }

    int nameLength(int node) {
        return nodes.getByte(node, NAME_LENGTH) & 0xff;
    }

    byte[] name(int node) {
        return names.copy(nodes.getInt(node, NAME), nameLength(node));
    }

    /// Orders by name. A whiteout counts by what it hides.
    int compare(int a, int b) {
        int skipA = prefix(a);
        int skipB = prefix(b);
        return names.compare(
                nodes.getInt(a, NAME) + skipA,
                nameLength(a) - skipA,
                nodes.getInt(b, NAME) + skipB,
                nameLength(b) - skipB);
    }

    /// The name as the index has it: for a whiteout that of what it hides.
    byte[] visibleName(int node) {
        int skip = prefix(node);
        return names.copy(nodes.getInt(node, NAME) + skip, nameLength(node) - skip);
    }

    int visibleLength(int node) {
        return nameLength(node) - prefix(node);
    }

    private int prefix(int node) {
        return is(node, LayerIndex.Kind.WHITEOUT) ? LayerIndexBuilder.WHITEOUT.length() : 0;
    }

    /// The path of a node, for messages.
    RawName path(int node) {
        byte[] path = name(node);
        int at = node;
        while (nodes.getInt(at, PARENT) != 0) {
            at = nodes.getInt(at, PARENT);
            byte[] name = name(at);
            byte[] longer = Arrays.copyOf(name, name.length + 1 + path.length);
            longer[name.length] = '/';
            System.arraycopy(path, 0, longer, name.length + 1, path.length);
            path = longer;
        }
        return RawName.of(path);
    }

    /// Folded multiplication (as wyhash does), with a secret factor.
    private int bucket(int directory, byte[] path, int from, int to) {
        long hash = fold(seed ^ directory, 0x9e3779b97f4a7c15L);
        for (int i = from; i < to; i++) {
            hash = fold(hash ^ path[i], seed);
        }
        return (int) (hash ^ hash >>> 32) & (buckets.length - 1);
    }

    private static long fold(long a, long b) {
        return Math.multiplyHigh(a, b) ^ a * b;
    }
}
