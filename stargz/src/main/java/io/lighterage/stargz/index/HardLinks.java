package io.lighterage.stargz.index;

import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.RawName;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Hard links of a layer while its index is being built. What is not there when a link is added may still come where
/// entries were moved about, as in eStargz. Where they stand as they were written it is below, also when the layer
/// gives that name to something of its own later.
final class HardLinks {
    private final IndexTree tree;
    private final TreeWalk walk;
    private boolean asWritten;
    private final List<Pending> pending = new ArrayList<>();

    private record Pending(int node, EntryPath path, EntryPath target) {}

    HardLinks(IndexTree tree, TreeWalk walk) {
        this.tree = tree;
        this.walk = walk;
    }

    /// Links lead to what was added before them, or below.
    void asWritten() {
        asWritten = true;
    }

    void add(int directory, EntryPath path, RawName linkName) {
        EntryPath target = EntryPath.clean(linkName, "link target");
        byte[] name = path.bytes();
        int there = tree.find(directory, name, path.baseAt(), name.length);
        int found = find(path, target);
        boolean known = found != IndexTree.NONE && tree.kind(inode(found)) != IndexTree.PENDING;
        if (known && there != IndexTree.NONE && inode(there) == inode(found)) {
            return;
        }
        if (known && tree.is(inode(found), LayerIndex.Kind.DIRECTORY)) {
            throw toDirectory(path, target);
        }
        if (there != IndexTree.NONE) {
            tree.remove(there);
        }
        int node = walk.add(directory, name, path.baseAt(), name.length);
        if (known) {
            tree.nodes.putByte(node, IndexTree.KIND, IndexTree.LINK);
            tree.nodes.putInt(node, IndexTree.INODE, inode(found));
        } else if (asWritten) {
            below(node, target);
        } else {
            tree.nodes.putByte(node, IndexTree.KIND, IndexTree.PENDING);
            pending.add(new Pending(node, path, target));
        }
    }

    private int inode(int node) {
        return tree.nodes.getInt(node, IndexTree.INODE);
    }

    private int find(EntryPath path, EntryPath target) {
        if (target.isRoot()) {
            return 0;
        }
        int directory = walk.directory(target.parent(), new TreeWalk.Need(path, false, false, 0, 0));
        if (directory == IndexTree.NONE) {
            return IndexTree.NONE;
        }
        byte[] name = target.bytes();
        int found = tree.find(directory, name, target.baseAt(), name.length);
        boolean real = found != IndexTree.NONE && !tree.is(found, LayerIndex.Kind.WHITEOUT);
        return real ? found : IndexTree.NONE;
    }

    /// Gives each link that still waits its inode. What the layer does not have may be below: that is found when the
    /// layers are put together.
    ///
    /// @throws ImageException INVALID when it leads to a directory or in a circle
    void resolve() {
        pending.removeIf(link -> !isLive(link.node()));
        int[] next = new int[pending.size()];
        Map<Integer, Integer> position = new HashMap<>();
        for (int i = 0; i < next.length; i++) {
            position.put(pending.get(i).node(), i);
            next[i] = find(pending.get(i).path(), pending.get(i).target());
        }
        for (int i = 0; i < next.length; i++) {
            follow(i, next, position);
        }
        pending.clear();
    }

    private boolean isLive(int node) {
        int at = node;
        while (at != 0 && !tree.isGone(at)) {
            at = tree.nodes.getInt(at, IndexTree.PARENT);
        }
        return at == 0;
    }

    /// Follows links to links; those on the way need not be followed again.
    private void follow(int start, int[] next, Map<Integer, Integer> position) {
        List<Integer> way = new ArrayList<>();
        int at = start;
        int found = next[at];
        while (found != IndexTree.NONE && tree.kind(found) == IndexTree.PENDING) {
            way.add(at);
            if (way.size() > next.length) {
                Pending link = pending.get(start);
                throw walk.invalid(link.path(), "is a hard link to '" + link.target() + "', which leads in a circle");
            }
            at = position.getOrDefault(found, start);
            found = next[at];
        }
        way.add(at);
        if (found == IndexTree.NONE) {
            found = below(pending.get(at).node(), pending.get(at).target());
            way.removeLast();
        }
        if (tree.is(inode(found), LayerIndex.Kind.DIRECTORY)) {
            throw toDirectory(pending.get(at).path(), pending.get(at).target());
        }
        for (int link : way) {
            int node = pending.get(link).node();
            tree.nodes.putByte(node, IndexTree.KIND, IndexTree.LINK);
            tree.nodes.putInt(node, IndexTree.INODE, inode(found));
        }
    }

    private int below(int node, EntryPath path) {
        byte[] target = path.bytes();
        tree.nodes.putByte(node, IndexTree.KIND, IndexFormat.code(LayerIndex.Kind.LINK_BELOW));
        tree.nodes.putLong(node, IndexTree.SIZE, target.length);
        tree.nodes.putInt(node, IndexTree.TARGET, tree.texts.add(target));
        return node;
    }

    private ImageException toDirectory(EntryPath path, EntryPath target) {
        return walk.invalid(path, "is a hard link to directory '" + target + "'");
    }
}
