package io.lighterage.app.setup;

import static io.lighterage.app.setup.SnapshotterPlace.quoted;

import java.nio.file.Path;
import java.util.List;

/// A DaemonSet that runs the snapshotter on each node.
public final class KubernetesManifest {
    /// The directory of containerd's own socket.
    private static final Path CONTAINERD = Path.of("/run/containerd");

    private KubernetesManifest() {}

    /// @param image one with `lighter` and a Java, of which `lighter` is the entry point
    public static String text(SnapshotterPlace place, String image) {
        return MANIFEST.replace("@image", quoted(image))
                .replace("@address", quoted(place.address()))
                .replace("@root", quoted(place.root()))
                .replace("@sockets", quoted(place.socketDirectory()))
                .replace("@containerd", quoted(CONTAINERD));
    }

    private static final String MANIFEST = """
            # Made by 'lighter setup kubernetes'.
            apiVersion: apps/v1
            kind: DaemonSet
            metadata:
              name: lighter-snapshotter
              namespace: kube-system
              labels:
                app.kubernetes.io/name: lighter-snapshotter
            spec:
              selector:
                matchLabels:
                  app.kubernetes.io/name: lighter-snapshotter
              # A node's containers read through this pod: replace it when you choose to, by deleting it.
              updateStrategy:
                type: OnDelete
              template:
                metadata:
                  labels:
                    app.kubernetes.io/name: lighter-snapshotter
                spec:
                  nodeSelector:
                    kubernetes.io/os: linux
                  tolerations:
                    - operator: Exists
                  priorityClassName: system-node-critical
                  automountServiceAccountToken: false
                  # Registries are reached as the node reaches them, also before the cluster's network is there.
                  hostNetwork: true
                  dnsPolicy: Default
                  terminationGracePeriodSeconds: 30
                  containers:
                    - name: snapshotter
                      image: @image
                      imagePullPolicy: IfNotPresent
                      args: ["snapshotter", "--address", @address, "--root", @root]
                      securityContext:
                        privileged: true
                      resources:
                        requests:
                          cpu: 50m
                          memory: 128Mi
                      volumeMounts:
                        # What is mounted in here has to be seen by containerd on the node.
                        - name: root
                          mountPath: @root
                          mountPropagation: Bidirectional
                        - name: socket
                          mountPath: @sockets
                        - name: containerd
                          mountPath: @containerd
                        - name: fuse
                          mountPath: /dev/fuse
                  volumes:
                    - name: root
                      hostPath:
                        path: @root
                        type: DirectoryOrCreate
                    - name: socket
                      hostPath:
                        path: @sockets
                        type: DirectoryOrCreate
                    - name: containerd
                      hostPath:
                        path: @containerd
                        type: Directory
                    - name: fuse
                      hostPath:
                        path: /dev/fuse
                        type: CharDevice
            """;

    /// What has to be done besides.
    public static List<String> remarks(SnapshotterPlace place) {
        return List.of(
                "no image of lighter is published: build one from 'lighter dist' and a Java 25, and name it by --image",
                "each node's containerd has to know the snapshotter: run 'lighter setup containerd --name "
                        + place.name() + " --address " + place.address() + "' there, or write what it prints",
                "a pod cannot come out of a snapshotter that the pod itself is: a node whose containerd uses lighter for"
                        + " every container starts it by 'lighter setup systemd'; this manifest is for nodes where only"
                        + " some runtime handlers use it (--no-cri, and snapshotter = \"" + place.name()
                        + "\" in the handler's table)");
    }
}
