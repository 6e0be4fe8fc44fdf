package io.lighterage.remotesnapshotter.flat;

import io.lighterage.remotesnapshotter.lazy.TreeContent;
import io.lighterage.stargz.RawName;
import io.lighterage.stargz.index.LayerIndex;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.function.ToIntFunction;
import org.jspecify.annotations.Nullable;

/// The files of the directory: one for each content, however many mounts show it.
///
/// A layer gets a number when it is seen first, and each further content of it, after the one before was closed
/// or beside it, the next generation: so a node that the kernel still knows never becomes another file. Number
/// and generation make the node, and the name tells the layer's digest and the generation.
///
/// A process that goes on where another died gives generations of an epoch of its own, and takes a node of an earlier
/// one for the layer of that number, whichever content of it there is: all have the same bytes. Thread-safe.
final class FlatFiles {
    /// Room for 2^32 layers before a generation's bits begin.
    private static final int GENERATION_SHIFT = 32;

    /// Room for 65,536 contents of a layer in one process.
    private static final int EPOCH_SHIFT = 16;

    private static final int LAST_EPOCH = (1 << 15) - 1;

    private final ToIntFunction<RawName> numbers;
    private final IntFunction<@Nullable RawName> layers;
    private final int epoch;
    private final Map<RawName, Integer> generations = new HashMap<>();
    private final Map<RawName, FlatNode> byName = new ConcurrentHashMap<>();
    private final Map<Long, FlatNode> byNode = new ConcurrentHashMap<>();
    private final IdentityHashMap<TreeContent, FlatNode> byContent = new IdentityHashMap<>();
    private final Map<FlatNode, Integer> users = new HashMap<>();

    /// In a process that begins.
    FlatFiles() {
        List<RawName> seen = new ArrayList<>();
        numbers = layer -> {
            if (!seen.contains(layer)) {
                seen.add(layer);
            }
            return seen.indexOf(layer);
        };
        layers = number -> null;
        epoch = 0;
    }

    /// @param epoch from [FlatBook#begin]
    FlatFiles(FlatBook book, int epoch) {
        List<RawName> before = book.layers();
        numbers = book::number;
        layers = number -> number >= 0 && number < before.size() ? before.get(number) : null;
        this.epoch = epoch % LAST_EPOCH;
    }

    /// The node of a layer's content.
    static long node(int number, int generation) {
        return (long) generation << GENERATION_SHIFT | (FuseFormat.ROOT + 1 + number);
    }

    /// The number of a node's layer, whoever gave the node.
    static int number(long node) {
        return (int) node - (int) FuseFormat.ROOT - 1;
    }

    /// Adds a content, or one more user of it.
    synchronized FlatNode add(LayerIndex index, TreeContent content) {
        FlatNode known = byContent.get(content);
        if (known != null) {
            users.merge(known, 1, Integer::sum);
            return known;
        }
        RawName layer = RawName.of(index.layer().hex());
        int number = numbers.applyAsInt(layer);
        int generation = (epoch << EPOCH_SHIFT) + generations.merge(layer, 1, Integer::sum) - 1;
        FlatNode added = new FlatNode(
                node(number, generation), RawName.of(layer + "-" + generation), index, content, index.flatSize());
        users.put(added, 1);
        byContent.put(content, added);
        byName.put(added.name(), added);
        byNode.put(added.node(), added);
        return added;
    }

    /// Lets go of a content.
    ///
    /// @return whether nobody uses it any more
    synchronized boolean remove(FlatNode file) {
        Integer left = users.computeIfPresent(file, (ignored, count) -> count == 1 ? null : count - 1);
        if (left == null) {
            byContent.remove(file.content());
            byName.remove(file.name());
            byNode.remove(file.node());
        }
        return left == null;
    }

    Optional<FlatNode> named(RawName name) {
        return Optional.ofNullable(byName.get(name));
    }

    @Nullable
    FlatNode at(long node) {
        FlatNode mine = byNode.get(node);
        boolean before = mine == null && node >>> (GENERATION_SHIFT + EPOCH_SHIFT) != epoch;
        return before ? ofLayer(layers.apply(number(node))) : mine;
    }

    private @Nullable FlatNode ofLayer(@Nullable RawName layer) {
        return layer == null
                ? null
                : byNode.values().stream()
                        .filter(file -> file.isOf(layer))
                        .findAny()
                        .orElse(null);
    }
}
