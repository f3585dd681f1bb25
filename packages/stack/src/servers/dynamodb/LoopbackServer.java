import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** DynamoDB Local listens on every address and has no option for it, so its connectors are told before it starts. */
public class LoopbackServer {
  public static void main(String[] arguments) throws Exception {
    var server = ServerRunner.createServerFromCommandLineArgs(arguments);
    var jetty = server.getClass().getDeclaredField("server");
    jetty.setAccessible(true);
    for (Connector connector : ((Server) jetty.get(server)).getConnectors())
      ((ServerConnector) connector).setHost("127.0.0.1");
    server.start();
    server.join();
  }
}
