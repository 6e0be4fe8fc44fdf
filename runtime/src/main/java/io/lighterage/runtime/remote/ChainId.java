package io.lighterage.runtime.remote;

import io.lighterage.contentstore.Digest;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// Names a layer together with all layers below it (OCI image specification, `config.md`, "Layer ChainID").
final class ChainId {
    private ChainId() {}

    /// @param diffIds of uncompressed layers, base first
    /// @return the chain id of each
    static List<Digest> of(List<Digest> diffIds) {
        List<Digest> chain = new ArrayList<>();
        for (Digest diffId : diffIds) {
            chain.add(
                    chain.isEmpty()
                            ? diffId
                            : Digest.sha256((chain.getLast() + " " + diffId).getBytes(StandardCharsets.US_ASCII)));
        }
        return List.copyOf(chain);
    }
}
