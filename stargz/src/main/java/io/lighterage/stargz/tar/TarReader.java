package io.lighterage.stargz.tar;

import static io.lighterage.stargz.tar.TarFormat.BLOCK;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.stargz.ByteSource;
import io.lighterage.stargz.RawName;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads a layer's tar stream entry by entry: seventh edition, ustar, PAX, star and GNU, with their long names, large
/// numbers and sparse files; see [TarFormat].
///
/// It decides as Go's reader does, because that one decides what most images mean: links, devices, directories and
/// fifos have no payload whatever their size field says, an entry of the old type NUL with a trailing slash is a
/// directory, and a missing end is an end. Global extended headers and GNU volume labels are passed over; other types
/// that make no file are UNSUPPORTED, since containerd refuses them too and passing over them would lose files.
///
/// Nothing is copied but headers. Owned by one thread; after a failure the reader must not be used any more.
public final class TarReader {
    private final TarInput input;
    private final TarHeader header = new TarHeader();
    private final PaxRecords pax = new PaxRecords();
    private final SparseMap sparse = new SparseMap();
    private final TarPayload payload;
    private byte[] extended = new byte[0];
    private @Nullable RawName longName;
    private @Nullable RawName longLink;
    private boolean pending;
    private boolean ended;
    private int entries;

    /// @param source the uncompressed stream; stays the caller's to close
    public TarReader(ByteSource source) {
        input = new TarInput(source);
        payload = new TarPayload(input);
    }

    /// Bytes of the stream read so far, which is all of it after [#drain].
    public long position() {
        return input.position();
    }

    /// The next entry, passing over what is unread of the current one's payload; null at the end of the archive.
    ///
    /// @throws ImageException CORRUPT when the stream is cut inside an entry or a checksum does not fit;
    ///     INVALID when a header says the impossible or passes a limit of [TarFormat]; UNSUPPORTED for types
    ///     that are no file; what the source throws. The message names the offset of the header.
    public @Nullable TarEntry next() {
        payload.skip();
        forgetPending();
        while (readHeader()) {
            switch (header.type()) {
                case TarFormat.TYPE_PAX -> {
                    int length = readExtended();
                    pax.parse(extended, length, header);
                }
                case TarFormat.TYPE_GNU_NAME -> longName = readLongName();
                case TarFormat.TYPE_GNU_LINK -> longLink = readLongName();
                case TarFormat.TYPE_PAX_GLOBAL, TarFormat.TYPE_GNU_VOLUME -> {
                    payload.begin(headerSize(), header);
                    payload.skip();
                    continue;
                }
                default -> {
                    return entry();
                }
            }
            pending = true;
        }
        return null;
    }

    /// The next piece of the current entry's payload, uncopied; null when there is no more. The piece is the caller's
    /// until the next call on this reader. For a sparse file a piece never spans two segments.
    ///
    /// @throws ImageException CORRUPT when the stream ends first; what the source throws
    public @Nullable ByteBuffer payload() {
        return payload.next();
    }

    /// Where in the file the piece that [#payload] returned last begins, in bytes from the file's start.
    public long payloadOffset() {
        return payload.offset();
    }

    /// Reads on to the end of the stream, past what follows the archive's end: those bytes count for the diffID.
    public void drain() {
        payload.abandon();
        ended = true;
        input.skip(Long.MAX_VALUE);
    }

    private void forgetPending() {
        pax.clear();
        longName = null;
        longLink = null;
        pending = false;
    }

    /// @return false at the end of the archive
    private boolean readHeader() {
        if (ended) {
            return false;
        }
        long at = input.position();
        int count = input.read(header.block(), 0, BLOCK);
        header.loaded(at);
        if (count > 0 && count < BLOCK) {
            throw input.cut("inside the header at " + at);
        }
        if (count == 0 || header.isZero()) {
            if (pending) {
                throw input.cut("after an extended header, before its entry");
            }
            readEnd(count);
            return false;
        }
        header.verifyChecksum();
        return true;
    }

    /// The second of the two zero blocks, which may be missing or short.
    private void readEnd(int firstBlock) {
        ended = true;
        if (firstBlock == 0) {
            return;
        }
        int count = input.read(header.block(), 0, BLOCK);
        if (!TarHeader.isZero(header.block(), count)) {
            throw new ImageException(
                    ErrorKind.CORRUPT,
                    "reading a tar stream: a lone zero block stands at offset " + header.offset()
                            + " before more data; expected a second one, or the end");
        }
    }

    private long size() {
        return pax.size != PaxRecords.NONE ? checked(pax.size) : headerSize();
    }

    private long headerSize() {
        return checked(header.number(TarFormat.SIZE, TarFormat.LONG_LENGTH, "size"));
    }

    private long checked(long size) {
        // leaves room for rounding up to blocks
        if (size < 0 || size > Long.MAX_VALUE - BLOCK) {
            throw header.invalid("size is " + size, "0 or more, and less than 2^63 - " + BLOCK);
        }
        return size;
    }

    /// Reads an extended header's payload into [#extended].
    private int readExtended() {
        long size = headerSize();
        if (size > TarFormat.MAX_EXTENDED_HEADER) {
            throw header.invalid(
                    "an extended header has " + size + " bytes", "at most " + TarFormat.MAX_EXTENDED_HEADER);
        }
        int length = (int) size;
        if (extended.length < length) {
            extended = new byte[Math.max(length, 4096)];
        }
        if (input.read(extended, 0, length) < length) {
            throw input.cut("inside the extended header at " + header.offset());
        }
        input.skip(TarPayload.padding(length));
        return length;
    }

    private RawName readLongName() {
        int length = readExtended();
        int end = 0;
        while (end < length && extended[end] != 0) {
            end++;
        }
        return RawName.of(extended, 0, end);
    }

    private TarEntry entry() {
        if (++entries > TarFormat.MAX_ENTRIES) {
            throw header.invalid("the layer has more entries", "at most " + TarFormat.MAX_ENTRIES);
        }
        RawName name = longName != null && !longName.isEmpty() ? longName : pax.path != null ? pax.path : header.name();
        TarEntry.Type type = type(name);
        boolean regular = type == TarEntry.Type.REGULAR;
        payload.begin(regular ? size() : 0, header);
        if (!regular) {
            return build(name, type, 0, List.of());
        }
        boolean gnu = header.type() == TarFormat.TYPE_GNU_SPARSE;
        PaxRecords.SparseStyle style = gnu ? PaxRecords.SparseStyle.NONE : pax.sparseStyle();
        if (!gnu && style == PaxRecords.SparseStyle.NONE) {
            return build(name, type, payload.left(), List.of());
        }
        long size = gnu ? sparse.readGnu(header, input) : pax.sparseSize();
        if (style == PaxRecords.SparseStyle.IN_PAYLOAD) {
            sparse.readPayload(header, payload);
        }
        SparseMap map = style == PaxRecords.SparseStyle.IN_RECORDS ? pax.sparse : sparse;
        List<TarEntry.Segment> segments = map.segments(size, payload.left(), header);
        payload.scatter(segments);
        return build(pax.sparseName != null && !gnu ? pax.sparseName : name, type, size, segments);
    }

    private TarEntry build(RawName name, TarEntry.Type type, long size, List<TarEntry.Segment> segments) {
        boolean device = type == TarEntry.Type.CHARACTER_DEVICE || type == TarEntry.Type.BLOCK_DEVICE;
        return new TarEntry(
                name,
                type,
                linkName(type),
                (int) header.number(TarFormat.MODE, TarFormat.ID_LENGTH, "mode") & 07777,
                id(pax.uid, TarFormat.UID, "uid"),
                id(pax.gid, TarFormat.GID, "gid"),
                size,
                pax.hasTime ? pax.seconds : header.number(TarFormat.MTIME, TarFormat.LONG_LENGTH, "mtime"),
                pax.hasTime ? pax.nanos : 0,
                device ? deviceNumber(TarFormat.DEVICE_MAJOR, "devmajor") : 0,
                device ? deviceNumber(TarFormat.DEVICE_MINOR, "devminor") : 0,
                pax.xattrs,
                segments);
    }

    private TarEntry.Type type(RawName name) {
        byte type = header.type();
        return switch (type) {
            case TarFormat.TYPE_REGULAR_OLD ->
                !name.isEmpty() && name.at(name.length() - 1) == '/' ? TarEntry.Type.DIRECTORY : TarEntry.Type.REGULAR;
            case TarFormat.TYPE_REGULAR, TarFormat.TYPE_CONTIGUOUS, TarFormat.TYPE_GNU_SPARSE -> TarEntry.Type.REGULAR;
            case TarFormat.TYPE_HARD_LINK -> TarEntry.Type.HARD_LINK;
            case TarFormat.TYPE_SYMLINK -> TarEntry.Type.SYMLINK;
            case TarFormat.TYPE_CHARACTER -> TarEntry.Type.CHARACTER_DEVICE;
            case TarFormat.TYPE_BLOCK -> TarEntry.Type.BLOCK_DEVICE;
            case TarFormat.TYPE_DIRECTORY -> TarEntry.Type.DIRECTORY;
            case TarFormat.TYPE_FIFO -> TarEntry.Type.FIFO;
            default ->
                throw new ImageException(
                        ErrorKind.UNSUPPORTED,
                        "reading a tar header at offset " + header.offset() + ": entry " + TarHeader.shown(name)
                                + " has type '"
                                + RawName.of(new byte[] {type})
                                + "', which makes no file; expected one of 0 to 7, or S. Write the layer anew with a"
                                + " common tar program");
        };
    }

    private RawName linkName(TarEntry.Type type) {
        if (type != TarEntry.Type.HARD_LINK && type != TarEntry.Type.SYMLINK) {
            return RawName.EMPTY;
        }
        if (longLink != null && !longLink.isEmpty()) {
            return longLink;
        }
        return pax.linkPath != null ? pax.linkPath : header.linkName();
    }

    private long id(long fromPax, int at, String field) {
        long id = fromPax != PaxRecords.NONE ? fromPax : header.number(at, TarFormat.ID_LENGTH, field);
        if (id < 0 || id > TarFormat.MAX_ID) {
            throw header.invalid(field + " is " + id, "0 to " + TarFormat.MAX_ID);
        }
        return id;
    }

    private long deviceNumber(int at, String field) {
        long number = header.number(at, TarFormat.ID_LENGTH, field);
        if (number < 0 || number > TarFormat.MAX_DEVICE) {
            throw header.invalid(field + " is " + number, "0 to " + TarFormat.MAX_DEVICE);
        }
        return number;
    }
}
