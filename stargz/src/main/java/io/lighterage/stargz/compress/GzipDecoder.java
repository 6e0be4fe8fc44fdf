package io.lighterage.stargz.compress;

import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;

/// Gzip members one after another (RFC 1952), each verified against its CRC-32 and length.
///
/// After the last member only NUL bytes may follow (tapes and some writers pad); anything else is CORRUPT, since bytes
/// that no reader looks at are a place to hide things and a sign of a damaged blob.
final class GzipDecoder implements Decoder {
    private final BlobInput input;
    private final String what;
    private final GzipEngine engine;
    private boolean insideMember;
    private boolean mayHoldOutput;
    private boolean ended;
    private long members;
    private long memberStart;

    GzipDecoder(BlobInput input, String what, GzipEngine engine) {
        this.input = input;
        this.what = what;
        this.engine = engine;
    }

    @Override
    public boolean fill(ByteBuffer out) {
        while (!ended && out.hasRemaining()) {
            if (insideMember) {
                inflate(out);
            } else {
                beginMember();
            }
        }
        return !ended;
    }

    private void beginMember() {
        if (!input.ensure()) {
            ended = true;
            return;
        }
        memberStart = input.consumed();
        if (members > 0 && input.peek() == 0) {
            skipPadding();
            ended = true;
            return;
        }
        if (members > 0 && input.peek() != 0x1f) {
            throw corrupt("garbage follows the last member; expected another member, zeros or the end");
        }
        members++;
        engine.reset();
        insideMember = true;
    }

    private void inflate(ByteBuffer out) {
        if (!mayHoldOutput && !input.ensure()) {
            throw corrupt("the blob ends inside a member; expected the rest of it. Fetch it again");
        }
        boolean memberEnded;
        try {
            memberEnded = engine.inflate(input.buffer(), out);
        } catch (DataFormatException e) {
            String fault = e.getMessage() == null ? "the compressed data are broken" : e.getMessage();
            throw corrupt(fault + "; expected a sound gzip member. Fetch it again");
        }
        insideMember = !memberEnded;
        mayHoldOutput = insideMember && !out.hasRemaining();
    }

    private void skipPadding() {
        while (input.ensure()) {
            if (input.next() != 0) {
                throw corrupt("garbage follows the zeros after the last member; expected zeros only, or the end");
            }
        }
    }

    private ImageException corrupt(String happened) {
        return new ImageException(
                ErrorKind.CORRUPT,
                "inflating " + what + ": at compressed offset " + input.consumed()
                        + ", in the gzip member that begins at " + memberStart + ", " + happened);
    }

    @Override
    public void close() {
        engine.close();
    }
}
