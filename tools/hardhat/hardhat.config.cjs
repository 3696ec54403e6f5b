// A bare node on chain 31337. No plugins, no compiler: the tests bring their own bytecode.
module.exports = {
  solidity: "0.8.28",
  networks: { hardhat: { hardfork: "cancun", chainId: 31337 } },
};
