package io.lighterage.remotesnapshotter.mount;

import io.lighterage.linux.DyingThread;
import io.lighterage.linux.ForeignMemory;
import java.util.function.BooleanSupplier;

/// Whether the process whose request this thread is answering is being killed.
///
/// The kernel says *interrupted* for any signal, also those a program handles without expecting a read of a file to
/// end early; so only one that kills counts.
record FuseRequester(FuseLibrary.Functions functions) implements BooleanSupplier {
    @Override
    public boolean getAsBoolean() {
        if (functions.fuse_interrupted() == 0) {
            return false;
        }
        long context = functions.fuse_get_context();
        int thread = ForeignMemory.at(context, FuseLayouts.CONTEXT_BYTES).getInt(FuseLayouts.CONTEXT_PID);
        return DyingThread.isKilled(thread);
    }
}
