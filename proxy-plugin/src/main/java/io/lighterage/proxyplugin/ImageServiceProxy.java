package io.lighterage.proxyplugin;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerMethodDefinition;
import io.grpc.netty.NettyChannelBuilder;
import io.lighterage.contentstore.ImageException;
import io.lighterage.proxyplugin.protocol.PullRequest;
import io.lighterage.proxyplugin.protocol.PullSecrets;
import io.lighterage.resolver.Reference;
import io.lighterage.resolver.credentials.LearnedCredentials;
import io.lighterage.resolver.credentials.PullAuth;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioDomainSocketChannel;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The image service of the Container Runtime Interface, which is another server's: every call of it, known here or
/// not, goes on to the backend as bytes. What images are pulled with is learned on the way.
public final class ImageServiceProxy extends HandlerRegistry implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger(ImageServiceProxy.class.getName());

    /// The kubelet spoke v1alpha2 until 1.25.
    private static final Set<String> SERVICES = Set.of("runtime.v1.ImageService", "runtime.v1alpha2.ImageService");

    private static final String PULL = "PullImage";

    /// What containerd's clients send and take.
    private static final int MOST_MESSAGE_BYTES = 16 << 20;

    /// Failures of pulls with all their causes travel in headers.
    private static final int MOST_HEADER_BYTES = 64 << 10;

    private static final int PATIENCE_SECONDS = 5;

    private final EventLoopGroup loop;
    private final ExecutorService threads;
    private final ManagedChannel channel;
    private final LearnedCredentials learned;

    private ImageServiceProxy(Path backend, LearnedCredentials learned) {
        this.learned = learned;
        this.loop = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
        this.threads = Executors.newThreadPerTaskExecutor(
                Thread.ofVirtual().name("image-", 0).factory());
        this.channel = NettyChannelBuilder.forAddress(UnixDomainSocketAddress.of(backend.toAbsolutePath()))
                .channelType(NioDomainSocketChannel.class)
                .eventLoopGroup(loop)
                .executor(threads)
                .overrideAuthority("localhost")
                .maxInboundMessageSize(MOST_MESSAGE_BYTES)
                .maxInboundMetadataSize(MOST_HEADER_BYTES)
                .disableRetry()
                .usePlaintext()
                .build();
    }

    /// Does not connect yet: the backend may come later than this server, and go and come again.
    ///
    /// @param backend socket of the server whose image service this is, such as containerd's
    public static ImageServiceProxy to(Path backend, LearnedCredentials learned) {
        return new ImageServiceProxy(backend, learned);
    }

    @Override
    public @Nullable ServerMethodDefinition<?, ?> lookupMethod(String methodName, @Nullable String authority) {
        String service = String.valueOf(MethodDescriptor.extractFullServiceName(methodName));
        if (!SERVICES.contains(service)) {
            return null;
        }
        boolean pulls = methodName.equals(service + "/" + PULL);
        MethodDescriptor<byte[], byte[]> method = ForwardedCall.method(methodName);
        return ServerMethodDefinition.create(method, (call, headers) -> {
            if (channel.getState(false) == ConnectivityState.TRANSIENT_FAILURE) {
                channel.enterIdle(); // dials at once, instead of failing until the time of the next attempt has come
            }
            return ForwardedCall.start(
                    channel.newCall(method, CallOptions.DEFAULT), call, headers, pulls ? this::learn : bytes -> {});
        });
    }

    /// Whatever is wrong with the request is the backend's to say.
    private void learn(byte[] request) {
        try {
            PullRequest pull = PullRequest.parseFrom(request);
            if (pull.hasAuth()) {
                Reference image = Reference.parse(pull.getImage().getImage());
                PullSecrets secrets = pull.getAuth();
                Optional.of(new PullAuth(
                                secrets.getUsername(),
                                secrets.getPassword(),
                                secrets.getAuth(),
                                secrets.getServerAddress(),
                                secrets.getIdentityToken(),
                                secrets.getRegistryToken()))
                        .flatMap(auth -> auth.credentialFor(image))
                        .ifPresent(credential -> learned.learn(image, credential));
            }
        } catch (InvalidProtocolBufferException | ImageException e) {
            LOG.log(System.Logger.Level.DEBUG, "nothing is learned from a pull: {0}", e.getMessage());
        }
    }

    /// Ends the calls that are under way.
    @Override
    public void close() {
        var _ = channel.shutdownNow();
        try {
            if (!channel.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
                LOG.log(System.Logger.Level.DEBUG, "the connection to the image service stays open until the end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.shutdown();
        loop.shutdownGracefully(0, PATIENCE_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
    }
}
