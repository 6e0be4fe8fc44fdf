package io.lighterage.mirror;

import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;

/// One thing that goes wrong with an answer. Several may hit the same request.
///
/// Offsets count from the start of the answer's body, not of the blob.
public sealed interface Fault {
    /// Answers with this instead of asking the registry.
    record Status(int status, Map<String, String> headers, String body) implements Fault {
        public Status {
            headers = Map.copyOf(headers);
        }
    }

    /// Answers 307 with the place that `target` names for the request's path and query.
    record Redirect(Function<String, URI> target) implements Fault {}

    /// Closes the connection before anything is answered.
    record Drop() implements Fault {}

    /// Closes the connection after so many bytes of the body.
    record Cut(long after) implements Fault {}

    /// Falls silent after so many bytes of the body, until [Faults#releaseStalled] or the server's end, which cut.
    record Stall(long after) implements Fault {}

    /// Inverts the byte at this offset.
    record Flip(long at) implements Fault {}

    /// Appends so many bytes, and says so in `Content-Length`.
    record Longer(long by) implements Fault {}

    /// Claims this length. When the body is longer it ends there, when it is shorter the connection is cut.
    record ContentLength(long claimed) implements Fault {}

    /// Sends the body in chunks, without telling its length.
    record Chunked() implements Fault {}

    /// Answers as if no `Range` had been asked for.
    record IgnoreRange() implements Fault {}

    /// Waits before the answer. The server's end ends the wait.
    record Delay(Duration time) implements Fault {}

    /// Waits before the answer until the gate is open or the server ends.
    record Hold(CountDownLatch gate) implements Fault {}

    /// Adds a header, or replaces the header of that name.
    record Header(String name, String value) implements Fault {}

    /// An error answer with an empty body.
    static Fault status(int status) {
        return new Status(status, Map.of(), "");
    }

    /// Sends the client to exactly this place.
    static Fault redirect(URI target) {
        return new Redirect(ignored -> target);
    }

    /// Sends the client to the same path and query on another origin, such as another server's
    /// [MirrorServer#uri].
    static Fault redirectToOrigin(URI origin) {
        return new Redirect(origin::resolve);
    }
}
