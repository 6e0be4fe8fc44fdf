package io.lighterage.proxyplugin;

import com.google.protobuf.Empty;
import io.grpc.CallOptions;
import io.grpc.MethodDescriptor;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.lighterage.proxyplugin.protocol.PullRequest;
import io.lighterage.proxyplugin.protocol.PullSecrets;
import io.lighterage.proxyplugin.protocol.PulledImage;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/// What the kubelet sends to pull an image with a secret.
public final class ImagePull {
    private ImagePull() {}

    /// Returns when the image is pulled.
    ///
    /// @throws io.grpc.StatusRuntimeException as it was answered
    public static void run(Path socket, String image, String user, String password) {
        MethodDescriptor<PullRequest, Empty> method = MethodDescriptor.<PullRequest, Empty>newBuilder()
                .setType(MethodDescriptor.MethodType.UNARY)
                .setFullMethodName("runtime.v1.ImageService/PullImage")
                .setRequestMarshaller(ProtoUtils.marshaller(PullRequest.getDefaultInstance()))
                .setResponseMarshaller(ProtoUtils.marshaller(Empty.getDefaultInstance()))
                .build();
        PullRequest request = PullRequest.newBuilder()
                .setImage(PulledImage.newBuilder().setImage(image))
                .setAuth(PullSecrets.newBuilder().setUsername(user).setPassword(password))
                .build();
        try (RunningServer.Client client = RunningServer.Client.of(socket)) {
            Empty ignored = ClientCalls.blockingUnaryCall(
                    client.channel(), method, CallOptions.DEFAULT.withDeadlineAfter(2, TimeUnit.MINUTES), request);
        }
    }
}
