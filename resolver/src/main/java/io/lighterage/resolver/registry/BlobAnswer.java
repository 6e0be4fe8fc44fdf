package io.lighterage.resolver.registry;

import io.lighterage.contentstore.Descriptor;
import io.lighterage.contentstore.ErrorKind;
import io.lighterage.contentstore.ImageException;
import io.lighterage.contentstore.Ingest.ByteRange;
import java.time.InstantSource;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Checks the head of an answer to a request for blob bytes before any byte is used (RFC 9110 §14, §15.3.7).
///
/// @param descriptor what the blob must be
/// @param wanted the part asked for
/// @param what what is being tried, for messages
record BlobAnswer(Descriptor descriptor, ByteRange wanted, String what) {
    private static final Pattern CONTENT_RANGE =
            Pattern.compile("bytes +([0-9]{1,18})-([0-9]{1,18})/(?:([0-9]{1,18})|\\*)");

    /// @throws ImageException a [RegistryFailure] for an error status, CORRUPT for lengths that contradict the
    ///     descriptor
    BlobBody accept(Reply reply, RangeSupport support, InstantSource clock) {
        return switch (reply.code()) {
            case 200 -> whole(reply, support);
            case 206 -> part(reply, support);
            default -> throw HttpErrors.answered(what, reply, clock);
        };
    }

    private BlobBody whole(Reply reply, RangeSupport support) {
        boolean askedForPart = wanted.offset() != 0 || wanted.length() != descriptor.size();
        if (reply.length() >= 0 && reply.length() != descriptor.size()) {
            throw contradiction("it has " + reply.length() + " bytes");
        }
        if (askedForPart) {
            support.noteIgnored();
        }
        return new BlobBody(reply, 0, descriptor.size());
    }

    private BlobBody part(Reply reply, RangeSupport support) {
        Matcher range = CONTENT_RANGE.matcher(reply.header("Content-Range"));
        if (!range.matches()) {
            throw RegistryFailure.lasting(
                    ErrorKind.UNAVAILABLE,
                    "cannot " + what + ": HTTP 206 with Content-Range '"
                            + HttpErrors.clean(reply.header("Content-Range")) + "'; expected bytes " + wanted.offset()
                            + "-" + (wanted.end() - 1) + "/" + descriptor.size());
        }
        long first = Long.parseLong(range.group(1));
        long end = Long.parseLong(range.group(2)) + 1;
        if (range.group(3) != null && Long.parseLong(range.group(3)) != descriptor.size()) {
            throw contradiction("it has " + range.group(3) + " bytes");
        }
        if (first != wanted.offset() || end <= first || end > wanted.end()) {
            throw contradiction("bytes " + first + "-" + (end - 1) + " came where " + wanted.offset() + "-"
                    + (wanted.end() - 1) + " were asked for");
        }
        if (reply.length() >= 0 && reply.length() != end - first) {
            throw contradiction(
                    "a range of " + (end - first) + " bytes was announced with a length of " + reply.length());
        }
        support.noteHonoured();
        return new BlobBody(reply, first, end);
    }

    private ImageException contradiction(String found) {
        return new ImageException(
                ErrorKind.CORRUPT,
                "cannot " + what + ": " + found + "; expected " + descriptor.size()
                        + " bytes as the manifest says. The image or the registry is damaged");
    }
}
