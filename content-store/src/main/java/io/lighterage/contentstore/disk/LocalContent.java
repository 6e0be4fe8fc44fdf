package io.lighterage.contentstore.disk;

import io.lighterage.contentstore.Blob;
import io.lighterage.contentstore.BlobInfo;
import io.lighterage.contentstore.ContentStore;
import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.Digest;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.sqlite.BlobRows;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One namespace's blobs: rows say what it sees, files shared by all namespaces hold the bytes.
///
/// A row is inserted only by the holder of the digest's place and only while the file is there.
final class LocalContent implements ContentStore {
    private final Layout layout;
    private final BlobRows rows;
    private final WriterPlaces places;
    private final LiveIngests live;

    LocalContent(Layout layout, BlobRows rows, WriterPlaces places, LiveIngests live) {
        this.layout = layout;
        this.rows = rows;
        this.places = places;
        this.live = live;
    }

    @Override
    public Optional<BlobInfo> info(Digest digest) {
        return rows.get(digest);
    }

    @Override
    public Blob open(Digest digest) {
        BlobInfo info = rows.get(digest).orElseThrow(() -> rows.notFound(digest));
        try {
            return FileBlob.open(layout.blob(digest), info.size());
        } catch (NoSuchFileException e) {
            if (rows.get(digest).isEmpty()) {
                throw rows.notFound(digest);
            }
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "blob " + digest + " is on record but " + layout.blob(digest)
                            + " is gone; run `lighter fsck` and pull again",
                    e);
        } catch (IOException e) {
            throw FileErrors.of("cannot open blob " + digest, layout.blob(digest), e);
        }
    }

    @Override
    public IngestResult ingest(Descriptor expected) {
        Digest digest = expected.digest();
        Optional<BlobInfo> known = rows.get(digest);
        Optional<Long> size = known.isEmpty() ? Optional.empty() : layout.sizeOf(digest);
        if (known.isPresent() && size.isPresent()) {
            requireSameSize(expected, known.get().size(), size.get());
            return new IngestResult.Present(known.get());
        }
        WriterPlaces.Place place = places.acquire(digest);
        boolean handedOver = false;
        try {
            IngestFiles files = new IngestFiles(layout, digest);
            size = layout.sizeOf(digest);
            if (size.isPresent()) {
                requireSameSize(expected, size.get(), size.get());
                files.discard();
                return new IngestResult.Present(rows.put(expected));
            }
            LocalIngest ingest = begin(expected, files, place);
            handedOver = true;
            return new IngestResult.Writing(ingest);
        } catch (IOException e) {
            throw FileErrors.writing("cannot begin the ingest of " + digest, layout.ingest(digest), e);
        } finally {
            if (!handedOver) {
                place.close();
            }
        }
    }

    private LocalIngest begin(Descriptor expected, IngestFiles files, WriterPlaces.Place place) throws IOException {
        IngestFiles.Opened opened = files.open(expected);
        boolean begun = false;
        try {
            LocalIngest ingest = new LocalIngest(expected, files, opened, place, rows::put, live::remove);
            live.add(ingest, layout.ingests());
            begun = true;
            return ingest;
        } finally {
            if (!begun) {
                opened.data().release();
                opened.ranges().close();
            }
        }
    }

    private void requireSameSize(Descriptor expected, long recorded, long onDisk) {
        Digest digest = expected.digest();
        if (recorded != onDisk) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    layout.blob(digest) + " has " + onDisk + " bytes; expected " + recorded
                            + "; run `lighter fsck` and try again");
        }
        if (expected.size() != onDisk) {
            throw new ImageException(
                    ErrorKind.INVALID,
                    "descriptor of " + digest + " says " + expected.size()
                            + " bytes, but the store's verified blob has " + onDisk
                            + "; the document that holds the descriptor is wrong (or run `lighter fsck`)");
        }
    }

    @Override
    public BlobInfo label(Digest digest, Map<String, String> changes) {
        return rows.label(digest, changes);
    }

    @Override
    public List<BlobInfo> list() {
        return rows.list();
    }

    @Override
    public void delete(Digest digest) {
        if (!rows.delete(digest)) {
            throw rows.notFound(digest);
        }
    }
}
