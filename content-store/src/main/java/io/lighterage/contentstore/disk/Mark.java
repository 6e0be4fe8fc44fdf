package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ChildrenReader;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MediaType;
import io.lighterage.contentstore.sqlite.CollectionRows.View;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/// Finds what a collection must keep. Remembers what each document points at, which never changes, so that marking
/// once more inside the transaction reads almost no files.
final class Mark {
    /// The largest index or manifest anybody may pull; larger ones point at nothing.
    private static final int LARGEST_DOCUMENT = 4 << 20;

    private final Layout layout;
    private final ChildrenReader reader;
    private final Map<Node, List<Descriptor>> known = new HashMap<>();
    private final Map<Digest, String> unreadable = new TreeMap<>();

    Mark(Layout layout, ChildrenReader reader) {
        this.layout = layout;
        this.reader = reader;
    }

    /// A digest under the type it was referred to by: the same bytes may be a layer here and a manifest there.
    private record Node(Digest digest, String mediaType) {}

    /// What to keep of each namespace.
    ///
    /// @param running digests being written this moment, kept wherever they are
    Map<String, Set<Digest>> mark(List<View> views, Set<Digest> running) {
        unreadable.clear();
        Map<String, Set<Digest>> marked = new HashMap<>();
        for (View view : views) {
            marked.put(view.namespace(), mark(view, running));
        }
        return marked;
    }

    /// Index and manifest documents met by the last [#mark] that could not be understood, and why.
    Map<Digest, String> unreadable() {
        return new TreeMap<>(unreadable);
    }

    private Set<Digest> mark(View view, Set<Digest> running) {
        Set<Digest> marked = new HashSet<>();
        Set<Node> seen = new HashSet<>();
        Deque<Descriptor> open = new ArrayDeque<>(view.roots());
        running.forEach(digest -> open.add(untyped(digest)));
        while (!open.isEmpty()) {
            Descriptor next = typed(view, open.removeLast());
            if (!seen.add(new Node(next.digest(), next.mediaType()))) {
                continue;
            }
            marked.add(next.digest());
            for (Digest target : view.edges().getOrDefault(next.digest(), List.of())) {
                open.add(untyped(target));
            }
            open.addAll(children(next));
        }
        return marked;
    }

    /// A reference without a type is read as the type the blob was ingested as.
    private static Descriptor typed(View view, Descriptor reference) {
        return reference.mediaType().isEmpty() ? view.blobs().getOrDefault(reference.digest(), reference) : reference;
    }

    private static Descriptor untyped(Digest digest) {
        return new Descriptor("", digest, 0);
    }

    private List<Descriptor> children(Descriptor parent) {
        if (MediaType.isLayer(parent.mediaType()) || MediaType.isConfig(parent.mediaType())) {
            return List.of();
        }
        Node node = new Node(parent.digest(), parent.mediaType());
        List<Descriptor> children = known.get(node);
        if (children == null) {
            Optional<byte[]> content = read(parent);
            if (content.isEmpty()) {
                return List.of();
            }
            Optional<List<Descriptor>> parsed = parse(parent, content.get());
            if (parsed.isEmpty()) {
                return List.of(); // not remembered: it may have been mended by the next time
            }
            children = parsed.get();
            known.put(node, children);
        }
        return children;
    }

    /// What the document points at, or empty when it should be one and cannot be understood.
    private Optional<List<Descriptor>> parse(Descriptor parent, byte[] content) {
        boolean document = isDocument(parent);
        if (!document && (!looksLikeJson(content) || content.length > LARGEST_DOCUMENT)) {
            return Optional.of(List.of());
        }
        if (content.length > LARGEST_DOCUMENT) {
            return unreadable(parent, "it is larger than " + LARGEST_DOCUMENT + " bytes");
        }
        if (!digestOf(parent.digest(), content).equals(parent.digest())) {
            return unreadable(parent, "its bytes do not match its digest; run `lighter fsck`");
        }
        try {
            Descriptor whole = new Descriptor(parent.mediaType(), parent.digest(), content.length);
            return Optional.of(reader.children(whole, content));
        } catch (ImageException e) {
            // Any other blob may well begin like JSON without being a document.
            return document ? unreadable(parent, String.valueOf(e.getMessage())) : Optional.of(List.of());
        }
    }

    private Optional<List<Descriptor>> unreadable(Descriptor parent, String why) {
        unreadable.put(parent.digest(), why);
        return Optional.empty();
    }

    /// The content, or empty when it is not here. Of something too large only as much as tells so.
    private Optional<byte[]> read(Descriptor parent) {
        Path path = layout.blob(parent.digest());
        try (InputStream in = Files.newInputStream(path)) {
            return Optional.of(in.readNBytes(LARGEST_DOCUMENT + 1));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            // Guessing that it has no children would throw away what it needs.
            throw FileErrors.of("cannot collect garbage: cannot read blob " + parent.digest(), path, e);
        }
    }

    private static boolean isDocument(Descriptor parent) {
        return MediaType.isIndex(parent.mediaType()) || MediaType.isManifest(parent.mediaType());
    }

    private static boolean looksLikeJson(byte[] content) {
        int at = 0;
        while (at < content.length
                && (content[at] == ' ' || content[at] == '\n' || content[at] == '\r' || content[at] == '\t')) {
            at++;
        }
        return at < content.length && content[at] == '{';
    }

    private static Digest digestOf(Digest like, byte[] content) {
        var hasher = like.newHasher();
        hasher.update(content);
        return Digest.finish(like.algorithm(), hasher);
    }
}
