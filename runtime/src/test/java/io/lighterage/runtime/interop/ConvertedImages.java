package io.lighterage.runtime.interop;

import io.lighterage.runtime.ConvertOptions;
import io.lighterage.runtime.ImageRuntime;
import io.lighterage.runtime.ProgressListener;
import io.lighterage.runtime.RuntimeConfig;
import io.lighterage.stargz.format.LayerForm;
import io.lighterage.stargz.format.PriorityList;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/// Real images in the forms that can be read lazily, as we and as the programs of others make them.
enum ConvertedImages {
    /// As it was made: no table of contents.
    PLAIN {
        @Override
        String make(Path layout, Path folder) {
            return "oci:" + layout + ":latest";
        }
    },
    OUR_ESTARGZ {
        @Override
        String make(Path layout, Path folder) {
            return convert(layout, folder, LayerForm.ESTARGZ);
        }
    },
    OUR_ZSTD_CHUNKED {
        @Override
        String make(Path layout, Path folder) {
            return convert(layout, folder, LayerForm.ZSTD_CHUNKED);
        }
    },
    /// Every second layer as it was, the others as eStargz.
    MIXED {
        @Override
        String make(Path layout, Path folder) throws Exception {
            String ignored = convert(layout, folder, LayerForm.ESTARGZ);
            HandMadeLayout mixed = HandMadeLayout.at(folder.resolve("mixed"));
            mixed.alternate(new HandMadeLayout(folder.resolve("made")), new HandMadeLayout(layout));
            return mixed.reference();
        }
    },
    CTR_REMOTE_ESTARGZ {
        @Override
        String make(Path layout, Path folder) throws Exception {
            return ctrRemote(layout, folder, "convert", "--estargz");
        }
    },
    CTR_REMOTE_ZSTD_CHUNKED {
        @Override
        String make(Path layout, Path folder) throws Exception {
            return ctrRemote(layout, folder, "convert", "--zstdchunked");
        }
    },
    /// It runs the image and sets the files that are opened before a landmark.
    CTR_REMOTE_OPTIMIZED {
        @Override
        String make(Path layout, Path folder) throws Exception {
            Programs.require("runc");
            String[] how = {"--estargz-compression-level=1", "--entrypoint=[\"/bin/cat\"]", "--args=[\"/etc/passwd\"]"};
            return ctrRemote(layout, folder, "optimize", how);
        }
    },
    /// skopeo compresses what is not compressed, so the layers are laid bare first.
    SKOPEO_ZSTD_CHUNKED {
        @Override
        String make(Path layout, Path folder) throws Exception {
            Programs.require("skopeo");
            Path bare = folder.resolve("bare");
            Programs.run("skopeo", "copy", "-q", "--dest-decompress", "oci:" + layout + ":latest", "dir:" + bare);
            String made = "oci:" + folder.resolve("made") + ":latest";
            Programs.run("skopeo", "copy", "-q", "--dest-compress-format", "zstd:chunked", "dir:" + bare, made);
            return made;
        }
    };

    private static final int CHUNK = 64 << 10;

    /// Makes the image.
    ///
    /// @param layout OCI layout of the image, tag `latest`
    /// @param folder where what is made goes
    /// @return the reference to mount
    abstract String make(Path layout, Path folder) throws Exception;

    /// In small chunks, so that many files have several.
    private static String convert(Path layout, Path folder, LayerForm form) {
        String made = "oci:" + folder.resolve("made") + ":latest";
        try (ImageRuntime runtime = ImageRuntime.open(RuntimeConfig.at(folder.resolve("converting")))) {
            ConvertOptions options =
                    new ConvertOptions(form, OptionalInt.of(CHUNK), PriorityList.NONE, Optional.empty());
            runtime.convert("oci:" + layout + ":latest", made, options, ProgressListener.NONE);
        }
        return made;
    }

    private static String ctrRemote(Path layout, Path folder, String verb, String... how)
            throws IOException, InterruptedException {
        Programs.require("containerd", "ctr", "ctr-remote", "tar");
        Path archive = folder.resolve("image.tar");
        Programs.run("tar", "-C", layout.toString(), "-cf", archive.toString(), ".");
        Path exported = folder.resolve("exported.tar");
        try (Containerd containerd = Containerd.start(folder.resolve("containerd"))) {
            containerd.ctr("image", "import", "--no-unpack", "--base-name", "test", archive.toString());
            List<String> command = new ArrayList<>(List.of("image", verb, "--oci"));
            command.addAll(List.of(how));
            command.addAll(List.of("test:latest", "test:new"));
            containerd.ctrRemote(command.toArray(String[]::new));
            containerd.ctr("image", "export", exported.toString(), "test:new");
        }
        Path made = Files.createDirectory(folder.resolve("made"));
        Programs.run("tar", "-C", made.toString(), "-xf", exported.toString());
        return "oci:" + made;
    }
}
