// SPDX-License-Identifier: MIT
pragma solidity ^0.8.27;

import {IFiatDollar} from "./IFiatDollar.sol";

/// @title FiatRoles
/// @notice Who may do what with a fiat dollar, handed over in two steps. See IFiatDollar.
abstract contract FiatRoles is IFiatDollar {
    mapping(Role role => address) private _holders;
    mapping(Role role => address) private _candidates;

    constructor(Officers memory officers) {
        require(officers.owner != address(0), OwnerRequired());

        _move(Role.Owner, officers.owner);
        _move(Role.MinterAdmin, officers.minterAdmin);
        _move(Role.Pauser, officers.pauser);
        _move(Role.Compliance, officers.compliance);
    }

    modifier only(Role role) {
        require(msg.sender == _holders[role], MissingRole(msg.sender, role, _holders[role]));
        _;
    }

    /// @inheritdoc IFiatDollar
    function offerRole(Role role, address candidate) external only(Role.Owner) {
        _candidates[role] = candidate;

        emit RoleOffered(role, candidate);
    }

    /// @inheritdoc IFiatDollar
    function acceptRole(Role role) external {
        require(msg.sender == _candidates[role], NotOffered(msg.sender, role, _candidates[role]));

        delete _candidates[role];
        _move(role, msg.sender);
    }

    /// @inheritdoc IFiatDollar
    function revokeRole(Role role) external only(Role.Owner) {
        require(role != Role.Owner, OwnerRequired());

        delete _candidates[role];
        _move(role, address(0));
    }

    function _move(Role role, address to) private {
        emit RoleMoved(role, _holders[role], to);
        _holders[role] = to;
    }

    /// @inheritdoc IFiatDollar
    function holderOf(Role role) external view returns (address) {
        return _holders[role];
    }

    /// @inheritdoc IFiatDollar
    function candidateOf(Role role) external view returns (address) {
        return _candidates[role];
    }

    /// @inheritdoc IFiatDollar
    function owner() external view returns (address) {
        return _holders[Role.Owner];
    }
}
