package io.lighterage.mirror;

import java.util.ArrayList;
import java.util.List;

/// The faults of one request, in the order they are looked at: before the answer, in its headers, in its body.
///
/// @param before waits, drops and answers of their own, as programmed
/// @param ignoreRange whether `Range` is not looked at
/// @param headers added or replaced
/// @param body what happens to the body
record FaultPlan(List<Fault> before, boolean ignoreRange, List<Reply.Header> headers, BodyPlan body) {
    static final long NEVER = Long.MAX_VALUE;
    static final FaultPlan NONE = new FaultPlan(List.of(), false, List.of(), BodyPlan.NONE);

    /// What happens to a body.
    ///
    /// @param cut offset to close the connection at, or NEVER
    /// @param stall offset to fall silent at, or NEVER
    /// @param flips offsets of bytes to invert
    /// @param longer bytes to append
    /// @param claimed the length to claim, or -1 for the true one
    /// @param chunked whether to tell no length
    record BodyPlan(long cut, long stall, List<Long> flips, long longer, long claimed, boolean chunked) {
        static final BodyPlan NONE = new BodyPlan(NEVER, NEVER, List.of(), 0, -1, false);
    }

    FaultPlan {
        before = List.copyOf(before);
        headers = List.copyOf(headers);
    }

    static FaultPlan of(List<Fault> faults) {
        List<Fault> before = new ArrayList<>();
        List<Reply.Header> headers = new ArrayList<>();
        List<Long> flips = new ArrayList<>();
        boolean ignoreRange = false;
        boolean chunked = false;
        long cut = NEVER;
        long stall = NEVER;
        long longer = 0;
        long claimed = -1;
        for (Fault fault : faults) {
            switch (fault) {
                case Fault.Status status -> before.add(status);
                case Fault.Redirect redirect -> before.add(redirect);
                case Fault.Drop drop -> before.add(drop);
                case Fault.Delay delay -> before.add(delay);
                case Fault.Hold hold -> before.add(hold);
                case Fault.Header header -> headers.add(new Reply.Header(header.name(), header.value()));
                case Fault.IgnoreRange ignored -> ignoreRange = true;
                case Fault.Chunked ignored -> chunked = true;
                case Fault.Cut at -> cut = at.after();
                case Fault.Stall at -> stall = at.after();
                case Fault.Flip flip -> flips.add(flip.at());
                case Fault.Longer more -> longer = more.by();
                case Fault.ContentLength length -> claimed = length.claimed();
            }
        }
        BodyPlan body = new BodyPlan(cut, stall, List.copyOf(flips), longer, claimed, chunked);
        return new FaultPlan(before, ignoreRange, headers, body);
    }
}
