package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Digest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/// What the store should hold, kept in plain collections and collected in the most obvious way.
final class ReferenceGraph {
    /// One namespace.
    static final class Space {
        final Set<Digest> rows = new TreeSet<>();
        final Map<String, Digest> images = new TreeMap<>();
        final Map<String, LeaseModel> leases = new TreeMap<>();
        final Set<Digest> rootLabels = new HashSet<>();
        final Map<Digest, Map<String, Digest>> edges = new HashMap<>();

        void forget(Digest digest) {
            rows.remove(digest);
            rootLabels.remove(digest);
            edges.remove(digest);
        }
    }

    /// A lease and when it ends, in seconds.
    record LeaseModel(long expires, Set<Digest> refs) {}

    final Universe universe;
    final Map<String, Space> spaces = new TreeMap<>();
    final Set<Digest> files = new TreeSet<>();
    final Set<Digest> running = new HashSet<>();
    final Set<Digest> removedFiles = new TreeSet<>();
    final Set<Digest> unreadable = new TreeSet<>();

    ReferenceGraph(Universe universe, List<String> namespaces) {
        this.universe = universe;
        namespaces.forEach(name -> spaces.put(name, new Space()));
    }

    Space space(String name) {
        return spaces.computeIfAbsent(name, n -> new Space());
    }

    void ingested(String namespace, Digest digest) {
        space(namespace).rows.add(digest);
        files.add(digest);
    }

    Set<Digest> allRows() {
        Set<Digest> all = new TreeSet<>();
        spaces.values().forEach(space -> all.addAll(space.rows));
        return all;
    }

    void collect(long now) {
        unreadable.clear();
        Set<Digest> reachable = new HashSet<>();
        Map<Space, Set<Digest>> marked = new HashMap<>();
        for (Space space : spaces.values()) {
            space.leases.values().removeIf(lease -> lease.expires() <= now);
            Set<Digest> keep = mark(space);
            marked.put(space, keep);
            reachable.addAll(keep);
        }
        marked.forEach((space, keep) -> Set.copyOf(space.rows).stream()
                .filter(digest -> !keep.contains(digest))
                .forEach(space::forget));
        removedFiles.clear();
        removedFiles.addAll(files);
        removedFiles.removeAll(allRows());
        removedFiles.removeAll(reachable);
        files.removeAll(removedFiles);
    }

    private Set<Digest> mark(Space space) {
        Deque<Digest> open = new ArrayDeque<>(space.images.values());
        space.leases.values().forEach(lease -> open.addAll(lease.refs()));
        open.addAll(space.rootLabels);
        open.addAll(running);
        Set<Digest> marked = new HashSet<>();
        while (!open.isEmpty()) {
            Digest next = open.pop();
            if (!marked.add(next)) {
                continue;
            }
            open.addAll(space.edges.getOrDefault(next, Map.of()).values());
            if (files.contains(next)) {
                open.addAll(universe.get(next).children());
                boolean typed = space.rows.contains(next) || space.images.containsValue(next);
                if (typed && universe.get(next).unreadable()) {
                    unreadable.add(next);
                }
            }
        }
        return marked;
    }
}
