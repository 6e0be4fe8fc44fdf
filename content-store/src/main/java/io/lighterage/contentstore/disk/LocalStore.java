package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.ChildrenReader;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.MountRecords;
import io.lighterage.contentstore.Namespace;
import io.lighterage.contentstore.SnapshotCatalog;
import io.lighterage.contentstore.Store;
import io.lighterage.contentstore.sqlite.Metadata;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/// The store of one directory: an OCI image layout's blobs, and a SQLite database beside them.
///
/// Safe for any number of threads, and for several processes on one root. Opening touches a few directories only;
/// the database is opened when first needed.
public final class LocalStore implements Store {
    private static final int LONGEST_NAME = 76;
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*");

    private final Layout layout;
    private final Clock clock;
    private final ChildrenReader children;
    private final WriterPlaces places;
    private final Metadata metadata;
    private final LiveIngests live = new LiveIngests();
    private final ConcurrentHashMap<String, Namespace> namespaces = new ConcurrentHashMap<>();

    private LocalStore(Layout layout, ChildrenReader children, Clock clock, WriterPlaces places) {
        this.layout = layout;
        this.children = children;
        this.clock = clock;
        this.places = places;
        this.metadata = new Metadata(layout.database(), clock, opening -> {
            try (WriterPlaces.Place place = places.acquireForMetadata()) {
                opening.run();
            }
        });
    }

    /// Loads what the first store of a process needs, so that this can be done while something else is; never needed.
    public static void prepare() {
        Metadata.prepare();
    }

    /// Opens the store in `root`, making the directory and what belongs in it.
    ///
    /// @param children tells the garbage collector what documents point at
    /// @param clock stamps records and ends leases
    /// @throws ImageException DENIED when the root is not writable, EXHAUSTED when its disk is full
    public static LocalStore open(Path root, ChildrenReader children, Clock clock) {
        return open(root, children, clock, Thread::sleep);
    }

    static LocalStore open(Path root, ChildrenReader children, Clock clock, Pause pause) {
        Layout layout = new Layout(root.toAbsolutePath().normalize());
        layout.create();
        try {
            return new LocalStore(layout, children, clock, WriterPlaces.open(layout.lockFile(), pause));
        } catch (IOException e) {
            throw FileErrors.writing("cannot open the store", layout.lockFile(), e);
        }
    }

    @Override
    public Path root() {
        return layout.root();
    }

    @Override
    public Namespace namespace(String name) {
        return namespaces.computeIfAbsent(name, this::openNamespace);
    }

    private Namespace openNamespace(String name) {
        if (name.length() > LONGEST_NAME || !NAME.matcher(name).matches()) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "namespace '" + name.replaceAll("\\p{Cntrl}", "?")
                            + "' is not valid; expected letters and digits, separated by single '.', '_' or '-', at most "
                            + LONGEST_NAME);
        }
        metadata.createNamespace(name);
        return new LocalNamespace(
                name,
                new LocalContent(layout, metadata.blobs(name), places, live),
                metadata.images(name),
                metadata.leases(name));
    }

    @Override
    public List<String> namespaces() {
        return metadata.namespaces();
    }

    @Override
    public MountRecords mounts() {
        return metadata.mounts();
    }

    @Override
    public SnapshotCatalog snapshots() {
        return metadata.snapshots();
    }

    @Override
    public GcReport gc(Duration abandonedAfter) {
        return new Collector(layout, metadata, places, children, clock).collect(abandonedAfter);
    }

    @Override
    public FsckReport fsck(FsckListener listener) {
        return new Checker(layout, metadata, places).check(listener);
    }

    @Override
    public void close() {
        try {
            metadata.close();
        } finally {
            places.close();
        }
    }
}
