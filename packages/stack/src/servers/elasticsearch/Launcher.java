import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.elasticsearch.common.logging.LogConfigurator;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.env.Environment;
import org.elasticsearch.node.Node;
import org.elasticsearch.plugins.PluginsLoader;

/** Starts one node of the core distribution. Arguments: data directory, HTTP port, transport port. */
public final class Launcher {
    public static void main(String[] arguments) throws Exception {
        Path home = Path.of(System.getProperty("es.path.home"));
        Path directory = Path.of(arguments[0]);
        Settings settings = Settings.builder()
            .put("path.home", home)
            .put("path.data", directory.resolve("data"))
            .put("path.logs", directory.resolve("logs"))
            // Where repositories of snapshots may be: those of S3 are a module that is not in the core.
            .put("path.repo", directory.resolve("snapshots"))
            .put("cluster.name", "influscope")
            .put("node.name", "influscope")
            .put("discovery.type", "single-node")
            .put("network.host", "127.0.0.1")
            .put("http.port", arguments[1])
            .put("transport.port", arguments[2])
            .putList("node.roles", "master", "data", "ingest")
            .put("action.auto_create_index", false)
            // By size: the usual shares of a large disk would stop a node with plenty of room.
            .put("cluster.routing.allocation.disk.watermark.low", "2gb")
            .put("cluster.routing.allocation.disk.watermark.high", "1gb")
            .put("cluster.routing.allocation.disk.watermark.flood_stage", "500mb")
            .build();
        Environment environment = new Environment(settings, home.resolve("config"));
        LogConfigurator.configureWithoutConfig(settings);
        PluginsLoader plugins = PluginsLoader.createPluginsLoader(
            PluginsLoader.loadModulesBundles(environment.modulesDir(), true),
            PluginsLoader.loadPluginsBundles(environment.pluginsDir(), true),
            Map.of());
        Node node = new Node(environment, plugins);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> close(node)));
        node.start();
        new CountDownLatch(1).await();
    }

    private static void close(Node node) {
        try {
            node.close();
        } catch (Exception failure) {
            failure.printStackTrace();
        }
    }
}
