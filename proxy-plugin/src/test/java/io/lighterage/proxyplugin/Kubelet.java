package io.lighterage.proxyplugin;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.lighterage.proxyplugin.cri.ContainerConfig;
import io.lighterage.proxyplugin.cri.ContainerId;
import io.lighterage.proxyplugin.cri.ContainerLinux;
import io.lighterage.proxyplugin.cri.ContainerMetadata;
import io.lighterage.proxyplugin.cri.ContainerSecurity;
import io.lighterage.proxyplugin.cri.CreateContainerRequest;
import io.lighterage.proxyplugin.cri.ImageServiceGrpc;
import io.lighterage.proxyplugin.cri.ImageServiceGrpc.ImageServiceBlockingStub;
import io.lighterage.proxyplugin.cri.ImageSpec;
import io.lighterage.proxyplugin.cri.NamespaceMode;
import io.lighterage.proxyplugin.cri.NamespaceOption;
import io.lighterage.proxyplugin.cri.Nothing;
import io.lighterage.proxyplugin.cri.PodSandboxConfig;
import io.lighterage.proxyplugin.cri.PodSandboxId;
import io.lighterage.proxyplugin.cri.PodSandboxMetadata;
import io.lighterage.proxyplugin.cri.PullImageRequest;
import io.lighterage.proxyplugin.cri.RemoveImageRequest;
import io.lighterage.proxyplugin.cri.RunPodSandboxRequest;
import io.lighterage.proxyplugin.cri.RuntimeServiceGrpc;
import io.lighterage.proxyplugin.cri.RuntimeServiceGrpc.RuntimeServiceBlockingStub;
import io.lighterage.proxyplugin.cri.SandboxLinux;
import io.lighterage.proxyplugin.cri.SandboxSecurity;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/// What the kubelet asks of a containerd to start a container, in the order in which it asks.
public final class Kubelet implements AutoCloseable {
    /// A network of its own would need plugins.
    private static final NamespaceOption HOST_NETWORK =
            NamespaceOption.newBuilder().setNetwork(NamespaceMode.NODE).build();

    private final RunningServer.Client client;

    private Kubelet(RunningServer.Client client) {
        this.client = client;
    }

    /// Returns when the containerd there answers the kubelet, which it does a while after it answers others.
    public static Kubelet of(Path socket) throws InterruptedException {
        Kubelet kubelet = new Kubelet(RunningServer.Client.of(socket));
        for (int attempt = 0; attempt < 400 && !kubelet.answered(); attempt++) {
            TimeUnit.MILLISECONDS.sleep(50);
        }
        return kubelet;
    }

    private boolean answered() {
        try {
            var _ = runtime().version(Nothing.getDefaultInstance());
            return true;
        } catch (StatusRuntimeException e) {
            return e.getStatus().getCode() != Status.Code.UNAVAILABLE;
        }
    }

    /// A pod that runs.
    ///
    /// @param id what containerd calls it
    public record Pod(String id, PodSandboxConfig config) {}

    private ImageServiceBlockingStub images() {
        return ImageServiceGrpc.newBlockingStub(client.channel()).withDeadlineAfter(2, TimeUnit.MINUTES);
    }

    private RuntimeServiceBlockingStub runtime() {
        return RuntimeServiceGrpc.newBlockingStub(client.channel()).withDeadlineAfter(2, TimeUnit.MINUTES);
    }

    private static ImageSpec spec(String image) {
        return ImageSpec.newBuilder().setImage(image).build();
    }

    /// @return the id of the image
    public String pull(String image) {
        return images().pullImage(
                        PullImageRequest.newBuilder().setImage(spec(image)).build())
                .getImageRef();
    }

    /// A pod whose containers' output goes to files in a directory.
    public Pod start(String name, Path logs) {
        PodSandboxConfig config = PodSandboxConfig.newBuilder()
                .setMetadata(PodSandboxMetadata.newBuilder()
                        .setName(name)
                        .setUid(name)
                        .setNamespace("default"))
                .setLogDirectory(logs.toString())
                .setLinux(SandboxLinux.newBuilder()
                        .setSecurityContext(SandboxSecurity.newBuilder().setNamespaceOptions(HOST_NETWORK)))
                .build();
        String id = runtime()
                .runPodSandbox(
                        RunPodSandboxRequest.newBuilder().setConfig(config).build())
                .getPodSandboxId();
        return new Pod(id, config);
    }

    /// A container in a pod, whose output goes to `<name>.log`, each line after a time, a stream and a letter.
    public void start(Pod pod, String name, String image, String... command) {
        ContainerConfig config = ContainerConfig.newBuilder()
                .setMetadata(ContainerMetadata.newBuilder().setName(name))
                .setImage(spec(image))
                .addAllCommand(Arrays.asList(command))
                .setLogPath(name + ".log")
                .setLinux(ContainerLinux.newBuilder()
                        .setSecurityContext(ContainerSecurity.newBuilder().setNamespaceOptions(HOST_NETWORK)))
                .build();
        String id = runtime()
                .createContainer(CreateContainerRequest.newBuilder()
                        .setPodSandboxId(pod.id())
                        .setConfig(config)
                        .setSandboxConfig(pod.config())
                        .build())
                .getContainerId();
        var _ = runtime()
                .startContainer(ContainerId.newBuilder().setContainerId(id).build());
    }

    /// Ends a pod, with all its containers, and forgets it.
    public void remove(Pod pod) {
        PodSandboxId id = PodSandboxId.newBuilder().setPodSandboxId(pod.id()).build();
        var _ = runtime().stopPodSandbox(id);
        var _ = runtime().removePodSandbox(id);
    }

    public void removeImage(String image) {
        var _ = images().removeImage(
                        RemoveImageRequest.newBuilder().setImage(spec(image)).build());
    }

    @Override
    public void close() {
        client.close();
    }
}
