package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;

/// The directory of one unfinished blob. Only the holder of the digest's place touches it.
final class IngestFiles {
    private static final Set<StandardOpenOption> READ_WRITE =
            Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);

    private final Layout layout;
    private final Digest digest;

    IngestFiles(Layout layout, Digest digest) {
        this.layout = layout;
        this.digest = digest;
    }

    Path directory() {
        return layout.ingest(digest);
    }

    Path data() {
        return directory().resolve("data");
    }

    private Path rangesPath() {
        return directory().resolve("ranges");
    }

    /// Opens what an earlier ingest left, or begins anew when it left nothing of use.
    Opened open(Descriptor expected) throws IOException {
        Layout.makePrivateDirectory(directory());
        Optional<RangeFile> earlier = RangeFile.open(rangesPath(), expected.size());
        RangeFile ranges;
        if (earlier.isPresent() && Files.exists(data()) && Files.size(data()) <= expected.size()) {
            ranges = earlier.get();
        } else {
            if (earlier.isPresent()) {
                earlier.get().close();
            }
            Files.deleteIfExists(data());
            ranges = RangeFile.create(rangesPath(), expected.size());
        }
        try {
            SteadyFile data = SteadyFile.open(data(), READ_WRITE);
            return new Opened(data, ranges, ranges.ranges(Files.size(data())));
        } catch (IOException e) {
            ranges.close();
            throw e;
        }
    }

    /// Makes the verified data the blob, durably, and removes the rest. A row is inserted only after this, so whoever
    /// is killed before leaves the rest to the next ingest, and afterwards there is none.
    void publish(SteadyFile data) throws IOException {
        Uninterrupted.run(data::force);
        Path blob = layout.blob(digest);
        Layout.moveDurably(data(), blob);
        data.renamed(blob);
        Files.setPosixFilePermissions(blob, PosixFilePermissions.fromString("r--r--r--"));
        discard();
    }

    void discard() throws IOException {
        Layout.deleteFlat(directory());
    }

    /// When somebody last wrote here.
    Instant lastTouched() throws IOException {
        Instant newest = Instant.EPOCH;
        for (Path path : new Path[] {directory(), data(), rangesPath()}) {
            try {
                FileTime modified = Files.getLastModifiedTime(path);
                newest = modified.toInstant().isAfter(newest) ? modified.toInstant() : newest;
            } catch (NoSuchFileException e) {
                // a directory without files is judged by itself
            }
        }
        return newest;
    }

    /// Bytes its data takes at most.
    long length() throws IOException {
        return Files.exists(data()) ? Files.size(data()) : 0;
    }

    /// The open files of an ingest, and what they held when opened.
    record Opened(SteadyFile data, RangeFile ranges, RangeSet here) {}
}
