package io.lighterage.remotesnapshotter.apply;

import io.lighterage.stargz.RawName;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The directories one layer has to do with, by canonical path.
final class DirectoryTable {
    private static final RawName ROOT = RawName.of("");

    private final Map<RawName, Directory> byPath = new HashMap<>();
    private final long seed;
    private final Directory root;

    DirectoryTable(long seed) {
        this.seed = seed;
        this.root = new Directory(ROOT, null, seed);
        byPath.put(ROOT, root);
    }

    Directory root() {
        return root;
    }

    @Nullable
    Directory get(RawName path) {
        return byPath.get(path);
    }

    Directory add(Directory parent, byte[] name) {
        RawName path = RawName.of(parent.child(name));
        Directory directory = new Directory(path, parent, seed);
        byPath.put(path, directory);
        return directory;
    }

    /// Forgets a directory that is gone, with everything below.
    void forget(RawName path) {
        Directory gone = byPath.get(path);
        if (gone == null || gone.parent == null) {
            return;
        }
        gone.detach();
        Deque<Directory> left = new ArrayDeque<>();
        left.add(gone);
        while (!left.isEmpty()) {
            Directory next = left.remove();
            byPath.remove(next.path);
            next.forEachChild(left::add);
        }
    }

    /// All of them, each before the directory it is in.
    List<Directory> deepestFirst() {
        List<Directory> all = new ArrayList<>(byPath.values());
        all.sort(Comparator.comparing((Directory d) -> d.path).reversed());
        return all;
    }
}
