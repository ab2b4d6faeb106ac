// Command vault-server serves HashiCorp Vault's own core, HTTP layer, KV engine and AppRole and Kubernetes logins on a
// free loopback port, with storage in memory. It is built from the published modules; nothing of Vault is imitated.
// What it leaves out, against the full program, is the web UI, the other engines and logins, and the listener's and
// storage's configuration files.
//
// It starts uninitialised and sealed, as any new server does: who starts it initialises it over the HTTP API. It writes
// one line of JSON with its address to standard output, and ends when its standard input closes or on SIGTERM.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
	"github.com/hashicorp/vault/version"
)

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "vault-server:", err)
		os.Exit(1)
	}
}

func serve() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := "http://" + listener.Addr().String()
	core, err := newCore(address)
	if err != nil {
		return err
	}
	server := &http.Server{
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{
			Core: core,
			ListenerConfig: &configutil.Listener{
				Type:               "tcp",
				Address:            listener.Addr().String(),
				MaxRequestSize:     vaulthttp.DefaultMaxRequestSize,
				MaxRequestDuration: vault.DefaultMaxRequestDuration,
			},
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()

	if err := json.NewEncoder(os.Stdout).Encode(map[string]string{
		"address": address,
		"version": version.GetVersion().Version,
	}); err != nil {
		return err
	}

	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	case <-inputClosed():
	}
	_ = server.Close()
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return core.Shutdown()
}

func newCore(address string) (*vault.Core, error) {
	logger := hclog.New(&hclog.LoggerOptions{Name: "vault", Level: hclog.Warn, Output: os.Stderr})
	storage, err := inmem.NewInmem(nil, logger)
	if err != nil {
		return nil, err
	}
	plugins := builtins{
		consts.PluginTypeSecrets:    {"kv": kv.Factory},
		consts.PluginTypeCredential: {"approle": approle.Factory, "kubernetes": kubernetes.Factory},
	}
	return vault.NewCore(&vault.CoreConfig{
		Physical:           storage,
		StorageType:        "inmem",
		RedirectAddr:       address,
		ClusterName:        "eom-tests",
		Logger:             logger,
		DisableMlock:       true,
		BuiltinRegistry:    plugins,
		LogicalBackends:    plugins[consts.PluginTypeSecrets],
		CredentialBackends: plugins[consts.PluginTypeCredential],
	})
}

func inputClosed() <-chan struct{} {
	closed := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(closed)
	}()
	return closed
}

// builtins is the catalogue of the engines and logins that this program has, by plugin type and name.
type builtins map[consts.PluginType]map[string]logical.Factory

func (b builtins) Contains(name string, pluginType consts.PluginType) bool {
	_, found := b[pluginType][name]
	return found
}

func (b builtins) Get(name string, pluginType consts.PluginType) (func() (interface{}, error), bool) {
	factory, found := b[pluginType][name]
	return func() (interface{}, error) { return factory, nil }, found
}

func (b builtins) Keys(pluginType consts.PluginType) []string {
	names := []string{}
	for name := range b[pluginType] {
		names = append(names, name)
	}
	return names
}

func (b builtins) DeprecationStatus(name string, pluginType consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, b.Contains(name, pluginType)
}

func (b builtins) IsBuiltinEntPlugin(string, consts.PluginType) bool {
	return false
}
