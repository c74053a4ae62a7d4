package org.elasticsearch.bootstrap;

import org.elasticsearch.Build;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.transport.BoundTransportAddress;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.InternalSettingsPreparer;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.RestResponse;
import org.elasticsearch.rest.RestStatus;
import org.elasticsearch.xcontent.XContentBuilder;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * One Elasticsearch node for development and tests: what the server's own main does, but for the entitlement agent (not on
 * Maven Central), the bootstrap checks and the native start-up, which refuses root. In this package for its access.
 */
public final class LocalNode {
    public static void main(String[] args) throws Exception {
        Path home = Path.of(System.getProperty("es.path.home")).toAbsolutePath();
        LogConfigurator.registerErrorListener();
        BootstrapInfo.init();
        Settings settings = Settings.builder().put("path.home", home.toString()).build();
        Environment environment = InternalSettingsPreparer.prepareEnvironment(
            settings, Map.of(), home.resolve("config"), () -> "local");
        LogConfigurator.setNodeName(Node.NODE_NAME_SETTING.get(environment.settings()));
        LogConfigurator.configure(environment, true);
        Thread.setDefaultUncaughtExceptionHandler(new ElasticsearchUncaughtExceptionHandler());
        Files.createDirectories(environment.tmpDir());
        Elasticsearch.initializeProbes();
        Node node = new Node(environment, plugins(environment)) {
            @Override
            protected void validateNodeBeforeAcceptingRequests(
                BootstrapContext context, BoundTransportAddress address, List<BootstrapCheck> checks) {}
        };
        ClusterService cluster = node.injector().getInstance(ClusterService.class);
        node.injector().getInstance(RestController.class).registerHandler(new Greeting(cluster));
        CountDownLatch closed = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node, closed)));
        node.start();
        closed.await();
    }

    private static PluginsLoader plugins(Environment environment) {
        return PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir(), false),
            PluginsLoader.loadPluginsBundles(environment.pluginsDir(), false),
            Map.of(),
            false); // the server is on the class path, not a named module
    }

    private static void close(Node node, CountDownLatch closed) {
        try {
            node.close();
            node.awaitClose(10, TimeUnit.SECONDS);
        } catch (Exception error) {
            error.printStackTrace();
        } finally {
            closed.countDown();
        }
    }

    /** GET and HEAD of /: clients ask it who they talk to, and the module that answers is not on Maven Central. */
    private static final class Greeting extends BaseRestHandler {
        private final ClusterService cluster;

        Greeting(ClusterService cluster) {
            this.cluster = cluster;
        }

        @Override
        public String getName() {
            return "main_action";
        }

        @Override
        public List<Route> routes() {
            return List.of(new Route(RestRequest.Method.GET, "/"), new Route(RestRequest.Method.HEAD, "/"));
        }

        @Override
        protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
            return channel -> {
                Build build = Build.current();
                XContentBuilder answer = channel.newBuilder().startObject();
                answer.field("name", cluster.getNodeName());
                answer.field("cluster_name", cluster.getClusterName().value());
                answer.field("cluster_uuid", cluster.state().metadata().clusterUUID());
                answer.startObject("version");
                answer.field("number", build.qualifiedVersion());
                answer.field("build_flavor", build.flavor());
                answer.field("build_type", build.type().displayName());
                answer.field("minimum_wire_compatibility_version", build.minWireCompatVersion());
                answer.field("minimum_index_compatibility_version", build.minIndexCompatVersion());
                answer.endObject();
                answer.field("tagline", "You Know, for Search");
                answer.endObject();
                channel.sendResponse(new RestResponse(RestStatus.OK, answer));
            };
        }
    }
}
