package io.lighterage.stargz.index;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Finds the directory an entry goes into as a process chrooted into the layer would, and as unpacking does: symlinks
/// of the layer are followed, absolute ones begin at the root again, and `..` stops there. Symlinks that only a lower
/// layer has are not seen.
final class TreeWalk {
    /// Symlinks followed on one path; containerd's number.
    private static final int MAX_LINKS = 255;

    /// Parts looked at on one path: twice as many as the longest path has, so that no entry can make us do more.
    private static final int MAX_STEPS = 4096;

    /// Inodes of one layer: [io.lighterage.stargz.tar.TarFormat#MAX_ENTRIES], and parents made for them.
    private static final int MAX_NODES = 4_000_000;

    private static final int SET_GID = 02000;

    private static final byte[] WHITEOUT = LayerIndexBuilder.WHITEOUT.getBytes(StandardCharsets.US_ASCII);

    private final IndexTree tree;
    private final String layer;
    private byte[] path = {};
    private int position;
    private int links;

    TreeWalk(IndexTree tree, String layer) {
        this.tree = tree;
        this.layer = layer;
    }

    /// What a directory is needed for.
    ///
    /// @param entry for messages
    /// @param make whether to make what is missing
    /// @param mark whether it is for something that only hides what is below
    /// @param seconds modification time of what is made
    /// @param nanos of the same
    record Need(EntryPath entry, boolean make, boolean mark, long seconds, int nanos) {
        Need forMark() {
            return new Need(entry, make, true, seconds, nanos);
        }
    }

    /// @return [IndexTree#NONE] when there is none and none was to be made
    int directory(byte[] wanted, Need need) {
        path = wanted;
        position = 0;
        links = 0;
        int at = 0;
        for (int steps = 0; position < path.length; steps++) {
            if (steps > MAX_STEPS) {
                throw invalid(need.entry(), "leads through more than " + MAX_STEPS + " path components");
            }
            int from = position;
            int to = from;
            while (to < path.length && path[to] != '/') {
                to++;
            }
            position = Math.min(to + 1, path.length);
            if (EntryPath.isUp(path, from, to)) {
                at = tree.nodes.getInt(at, IndexTree.PARENT);
            } else if (!EntryPath.isNothing(path, from, to)) {
                at = step(at, from, to, need);
                if (at == IndexTree.NONE) {
                    return at;
                }
            }
        }
        return at;
    }

    private int step(int at, int from, int to, Need need) {
        int next = tree.find(at, path, from, to);
        if (next == IndexTree.NONE) {
            return need.make() ? imply(at, from, to, need) : next;
        }
        int inode = tree.nodes.getInt(next, IndexTree.INODE);
        if (tree.is(inode, LayerIndex.Kind.DIRECTORY)) {
            if (need.make() && !need.mark() && tree.has(next, IndexFormat.FLAG_MARKS_ONLY)) {
                use(next, need);
            }
            return next;
        }
        if (!tree.is(inode, LayerIndex.Kind.SYMLINK)) {
            throw invalid(need.entry(), "needs a directory at '" + tree.path(next) + "', which is none");
        }
        if (++links > MAX_LINKS) {
            throw invalid(need.entry(), "leads through more than " + MAX_LINKS + " symlinks");
        }
        return follow(at, inode);
    }

    /// Puts the target of a symlink before what is left of the path.
    private int follow(int at, int symlink) {
        int length = (int) tree.nodes.getLong(symlink, IndexTree.SIZE);
        byte[] target = tree.texts.copy(tree.nodes.getInt(symlink, IndexTree.TARGET), length);
        byte[] joined = Arrays.copyOf(target, length + 1 + path.length - position);
        joined[length] = '/';
        System.arraycopy(path, position, joined, length + 1, path.length - position);
        path = joined;
        position = 0;
        return target[0] == '/' ? 0 : at;
    }

    private int imply(int at, int from, int to, Need need) {
        if (to - from > IndexFormat.MAX_NAME) {
            throw invalid(need.entry(), "leads through a name of " + (to - from) + " bytes; Linux allows 255");
        }
        if (EntryPath.starts(path, from, to, LayerIndexBuilder.WHITEOUT)) {
            throw invalid(need.entry(), "leads through a whiteout; names starting with .wh. are reserved");
        }
        int made = add(at, path, from, to);
        tree.nodes.putByte(made, IndexTree.KIND, IndexFormat.code(LayerIndex.Kind.DIRECTORY));
        tree.nodes.putInt(made, IndexTree.MODE, 0755);
        tree.set(made, IndexFormat.FLAG_IMPLIED);
        tree.set(made, IndexFormat.FLAG_MARKS_ONLY);
        if (!need.mark()) {
            use(made, need);
        }
        return made;
    }

    /// A directory that is implied gets something in it: whoever unpacks makes it now, if it has been hidden.
    private void use(int directory, Need need) {
        tree.clear(directory, IndexFormat.FLAG_MARKS_ONLY);
        tree.nodes.putLong(directory, IndexTree.SECONDS, need.seconds());
        tree.nodes.putInt(directory, IndexTree.NANOS, need.nanos());
        takeGroup(directory);
        if (hidesBelow(directory)) {
            tree.set(directory, IndexFormat.FLAG_ANEW);
        }
    }

    /// As `mkdir(2)` gives it, which every unpacker leaves as it is: in a set-gid directory that directory's group.
    private void takeGroup(int directory) {
        int parent = tree.nodes.getInt(directory, IndexTree.PARENT);
        if (!tree.has(parent, IndexFormat.FLAG_IMPLIED)) {
            boolean inherits = (tree.nodes.getInt(parent, IndexTree.MODE) & SET_GID) != 0;
            tree.nodes.putInt(directory, IndexTree.GID, inherits ? tree.nodes.getInt(parent, IndexTree.GID) : 0);
        } else if (!tree.has(parent, IndexFormat.FLAG_ANEW)) {
            tree.set(directory, IndexFormat.FLAG_GROUP_BELOW);
        }
    }

    /// Whether the layer has hidden by now what lower layers have in the place of a directory.
    private boolean hidesBelow(int directory) {
        for (int at = directory; at != 0; at = tree.nodes.getInt(at, IndexTree.PARENT)) {
            int parent = tree.nodes.getInt(at, IndexTree.PARENT);
            byte[] name = tree.name(at);
            byte[] whiteout = Arrays.copyOf(WHITEOUT, WHITEOUT.length + name.length);
            System.arraycopy(name, 0, whiteout, WHITEOUT.length, name.length);
            boolean hidden = tree.has(parent, IndexFormat.FLAG_OPAQUE)
                    || tree.find(parent, whiteout, 0, whiteout.length) != IndexTree.NONE;
            if (hidden) {
                return true;
            }
        }
        return false;
    }

    /// Makes a name in a directory.
    int add(int directory, byte[] name, int from, int to) {
        if (tree.nodes.count() >= MAX_NODES) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "layer " + layer + " makes more than " + MAX_NODES + " files and directories, the limit");
        }
        return tree.add(directory, name, from, to);
    }

    ImageException invalid(EntryPath entry, String fault) {
        return new ImageException(ErrorKind.INVALID, "entry '" + entry + "' of layer " + layer + " " + fault);
    }
}
