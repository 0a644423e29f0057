# Wires Fujita into a Vagrant box:
#
#   require_relative "fujita/deploy/vagrant/fujita"
#
#   Vagrant.configure("2") do |config|
#     config.vm.box = "debian/bookworm64"
#     Fujita.configure(config)
#   end
#
# Reads the sidecar's own fujita.yml, forwards the ports that it names, provisions the box with provision.sh beside this
# file, and after up, reload and resume prints the addresses that came out of it, and tells them to the sidecar.
# Every vagrant command loads this file: it needs nothing but Ruby's standard library, and raises nothing while it loads.
require "json"
require "psych"
require "shellwords"

module Fujita
  CHECKOUT = File.expand_path("../..", __dir__)

  # config_file: beside the Vagrantfile, or a path from there; it must lie in a synced folder.
  # source:      what provision.sh installs: a folder of this host, or a requirement for pip such as "fujita==1.2".
  #              Default: the checkout that this file lies in, else the newest release.
  # Call it after the synced folders were configured.
  def self.configure(config, config_file: "fujita.yml", source: nil)
    root = File.dirname(File.absolute_path(caller_locations(1, 1).first.path))
    path = File.expand_path(config_file, root)
    Wiring.new(root, path, Settings.new(path, config_file), source).apply(config)
  end

  class Mistakes < Vagrant::Errors::VagrantError
    def error_message
      @extra_data[:text]
    end
  end

  # What the wiring needs of fujita.yml. Whatever else is wrong in it, `fujita check` and the console say.
  class Settings
    Site = Struct.new(:name, :title, :host, :port)
    ADDRESS = /\A(?:(?<host>.*):)?(?<port>\d{1,5})\z/.freeze
    NULL = ["", "~", "null", "Null", "NULL"].freeze
    MERGES = 10 # deep, at most: an alias may stand for what it is part of

    attr_reader :console_port, :sites, :mistakes

    def initialize(path, name)
      @file = name
      @console_port = 9000
      @sites = []
      @mistakes = []
      @taken = {}
      read(File.read(path, encoding: "bom|utf-8")) if File.file?(path)
    rescue SystemCallError => e
      @mistakes << "#{name}: #{e.message}"
    rescue Psych::SyntaxError => e
      @mistakes << "#{name}:#{e.line}:#{e.column}: #{[e.problem, e.context].compact.join(" ")}"
    end

    private

    def read(text)
      document = Psych.parse(text)
      return mistake(nil, "projects", "is missing: name at least one project") unless document

      @anchors = document.grep(Psych::Nodes::Node).select { |node| node.respond_to?(:anchor) && node.anchor }
                         .reject { |node| node.is_a?(Psych::Nodes::Alias) }.to_h { |node| [node.anchor, node] }
      top = mapping(document.root, "") or return
      read_console(mapping(top["console"], "console") || {})
      defaults = mapping(top["defaults"], "defaults") || {}
      return mistake(document.root, "projects", "is missing: name at least one project") unless top["projects"]

      (mapping(top["projects"], "projects") || {}).each { |name, node| read_project(name, node, defaults) }
    end

    def read_console(console)
      host_and_port = address(console["listen"], "console.listen") or return
      @console_port = host_and_port.last
      @taken[@console_port] = "the console"
    end

    def read_project(name, node, defaults)
      key = "projects.#{name}"
      own = mapping(node, key) or return
      project = defaults.merge(own.reject { |_, value| null?(value) })
      return if null?(project["address"]) && !null?(project["command"]) # it listens nowhere

      host, port = address(project["address"], "#{key}.address", "0.0.0.0:8000") || return
      if @taken[port]
        place = null?(own["address"]) ? node : own["address"]
        mistake(place, "#{key}.address", "port #{port} is taken by #{@taken[port]}: give each its own")
      end
      @taken[port] ||= "projects.#{name}"
      @sites << Site.new(name, scalar(project["title"]) || name, host, port)
    end

    def address(node, key, default = "127.0.0.1:9000")
      match = ADDRESS.match(null?(node) ? default : scalar(node).to_s)
      return [match[:host] || "127.0.0.1", match[:port].to_i] if match && match[:port].to_i.between?(1, 65_535)

      mistake(node, key, "is no address with a port: write #{default}")
    end

    # Keys to values, with aliases and merges followed; nil, and a mistake, if it is something else.
    def mapping(node, key, depth = 0)
      node = resolved(node)
      return {} if null?(node) && key != "projects"
      return mistake(node, key, "is no mapping of keys to values") unless node.is_a?(Psych::Nodes::Mapping)

      pairs = node.children.each_slice(2).map { |name, value| [scalar(name), value] }
      merges, own = pairs.partition { |name, _| name == "<<" && depth < MERGES }
      merged = merges.flat_map { |_, value| value.is_a?(Psych::Nodes::Sequence) ? value.children.reverse : [value] }
      merged.map { |value| mapping(value, key, depth + 1) || {} }.reduce({}, :merge).merge(own.to_h)
    end

    def resolved(node)
      node.is_a?(Psych::Nodes::Alias) ? @anchors[node.anchor] : node
    end

    def scalar(node)
      node = resolved(node)
      node.value if node.is_a?(Psych::Nodes::Scalar)
    end

    def null?(node)
      node.nil? || (node.is_a?(Psych::Nodes::Scalar) && !node.quoted && NULL.include?(node.value))
    end

    # In the form of the sidecar's own, fujita.yml:LINE:COLUMN: key: what is wrong
    def mistake(node, key, words)
      line, column = node ? [node.start_line + 1, node.start_column + 1] : [1, 1]
      @mistakes << "#{@file}:#{line}:#{column}: #{key.empty? ? "" : "#{key}: "}#{words}"
      nil
    end
  end

  # Puts it all into one machine's configuration.
  class Wiring
    HOST_FILE = "/run/fujita-host.json"
    SOURCE_FOLDER = "/usr/src/fujita"
    LOOPBACK = /\A(127\..*|localhost|\[?::1\]?)\z/.freeze

    def initialize(root, path, settings, source)
      @root = root
      @path = path
      @settings = settings
      @source = source
    end

    def apply(config)
      [@settings.console_port, *@settings.sites.map(&:port)].uniq.each { |port| forward(config, port) }
      provision(config)
      refuse_mistakes(config)
      tell_addresses(config)
    end

    private

    # For this host alone; where its port is taken, Vagrant finds another.
    def forward(config, port)
      return if config.vm.networks.any? { |type, options| type == :forwarded_port && options[:guest] == port }

      config.vm.network "forwarded_port", guest: port, host: port, host_ip: "127.0.0.1", auto_correct: true
    end

    # At every up, so that the box follows a new fujita.yml or a newer Fujita; where nothing changed it takes no second.
    def provision(config)
      args = ["--config", in_box(config, @path) || "/vagrant/#{File.basename(@path)}", "--source", source(config)]
      args += ["--user", config.ssh.username] if config.ssh.username.is_a?(String)
      config.vm.provision "fujita", type: "shell", run: "always", path: File.join(__dir__, "provision.sh"), args: args
    end

    def source(config)
      checkout = CHECKOUT if File.exist?(File.join(CHECKOUT, "setup.py"))
      path = @source ? File.expand_path(@source, @root) : checkout
      return @source || "fujita" unless path && File.exist?(path)

      in_box(config, path) || begin
        config.vm.synced_folder path, SOURCE_FOLDER
        SOURCE_FOLDER
      end
    end

    # Where a path of this host is in the box; nil if no synced folder holds it.
    def in_box(config, path)
      folders = { "/vagrant" => @root }
      config.vm.synced_folders.each_value do |folder|
        folders[folder[:guestpath]] = folder[:disabled] ? nil : File.expand_path(folder[:hostpath], @root)
      end
      guest, host = folders.compact.select { |_, dir| "#{path}/".start_with?("#{dir}/") }.max_by { |_, dir| dir.length }
      guest && guest + path[host.length..-1]
    end

    # Before a box is built, and not at halt, destroy or ssh.
    def refuse_mistakes(config)
      return if @settings.mistakes.empty?

      config.trigger.before :up, :reload do |trigger|
        trigger.name = "fujita.yml"
        trigger.ruby { raise Mistakes, text: @settings.mistakes.join("\n") }
      end
    end

    def tell_addresses(config)
      config.trigger.after :up, :reload, :resume do |trigger|
        trigger.name = "Fujita"
        trigger.ruby do |_env, machine|
          ports = forwarded(machine)
          tell_box(machine, ports)
          tell_user(machine.ui, ports)
        end
      end
    end

    # Guest port to host port, as Vagrant corrected it.
    def forwarded(machine)
      return machine.provider.capability(:forwarded_ports).invert if machine.provider.capability?(:forwarded_ports)

      machine.config.vm.networks.select { |type, _| type == :forwarded_port }.to_h { |_, o| [o[:guest], o[:host]] }
    end

    # The console's links lead to the host's ports, and its file names to the host's folders.
    def tell_box(machine, ports)
      folders = machine.config.vm.synced_folders.values.reject { |folder| folder[:disabled] || !folder[:guestpath] }
      told = JSON.generate(
        "ports" => ports, "folders" => folders.to_h { |f| [f[:guestpath], File.expand_path(f[:hostpath], @root)] }
      )
      machine.communicate.sudo("printf %s #{Shellwords.escape(told)} >#{HOST_FILE}.new && " \
                               "mv #{HOST_FILE}.new #{HOST_FILE} && { systemctl reload fujita || true; } 2>/dev/null")
    rescue Vagrant::Errors::VagrantError => e
      machine.ui.warn("The console's links may lead to the wrong ports: #{e.message}")
    end

    def tell_user(ui, ports)
      ui.warn("There is no #{@path} yet: the console waits for it") unless File.exist?(@path)
      @settings.sites.each do |site|
        ui.info("#{site.title}: http://localhost:#{ports[site.port]}/#{unreachable(site)}")
      end
      ui.success("Fujita: http://localhost:#{ports[@settings.console_port]}/")
    end

    def unreachable(site)
      return unless site.host =~ LOOPBACK

      " (not reachable: it listens on #{site.host} inside the box; write 0.0.0.0:#{site.port} as its address)"
    end
  end
end
