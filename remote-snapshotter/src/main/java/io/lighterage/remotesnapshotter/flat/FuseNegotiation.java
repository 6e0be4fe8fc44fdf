package io.lighterage.remotesnapshotter.flat;

/// What we answer to INIT: the least that is enough, of what is offered. Nothing of it is needed.
///
/// | flag | why |
/// |---|---|
/// | `ASYNC_READ` | several reads ahead at once, or each waits for the network in turn |
/// | `ASYNC_DIO` | the same for reads past the page cache |
/// | `MAX_PAGES` | requests of 1 MiB in place of 128 KiB: a quarter of the work for what is here |
/// | `HAS_RESEND` | whoever goes on after this process can be given what it took and did not answer |
///
/// @param major 7
/// @param minor what both speak
/// @param maxReadAhead as the kernel has it; it cannot be raised here
/// @param flags those of ours that are offered
/// @param maxPages of a request; 0 for what the kernel has
/// @param resends whether requests can be given again
record FuseNegotiation(int major, int minor, int maxReadAhead, int flags, int maxPages, boolean resends) {
    static final int WANTED = FuseFormat.ASYNC_READ | FuseFormat.ASYNC_DIO | FuseFormat.MAX_PAGES;

    /// Reads ahead that may be under way: each waits for the network, and with the kernel's 12 a stalled
    /// file would hold up what is here. One that waits takes a virtual thread and no buffer.
    static final int BACKGROUND = 512;

    /// How many of those until reading ahead is left out where nobody waits for it.
    static final int CONGESTION = BACKGROUND * 3 / 4;

    /// Nothing is written; the least there can be.
    static final int MAX_WRITE = 4096;

    /// 1 MiB of pages of 4 KiB. Where pages are larger the mount option `max_read` says the same.
    private static final int PAGES = 256;

    /// Whether there can be an agreement at all; a kernel that is newer asks again in our words.
    static boolean possible(FuseRequest.Init offer) {
        return offer.major() > FuseFormat.MAJOR
                || (offer.major() == FuseFormat.MAJOR && offer.minor() >= FuseFormat.LEAST_MINOR);
    }

    static FuseNegotiation of(FuseRequest.Init offer) {
        int minor = offer.major() > FuseFormat.MAJOR ? FuseFormat.MINOR : Math.min(offer.minor(), FuseFormat.MINOR);
        int flags = offer.flags() & WANTED;
        return new FuseNegotiation(
                FuseFormat.MAJOR,
                minor,
                offer.maxReadAhead(),
                flags,
                (flags & FuseFormat.MAX_PAGES) == 0 ? 0 : PAGES,
                (offer.moreFlags() & FuseFormat.HAS_RESEND) != 0);
    }
}
